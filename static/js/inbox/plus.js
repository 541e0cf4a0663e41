// The menu behind the plus: where it opens, and the browser's own window for files.

/** Above its button, and its first line ready for the keyboard. */
export function placePlus(composer) {
  composer.querySelector("[data-plus-menu]").addEventListener("toggle", ({ target, newState }) => {
    if (newState !== "open") return;
    const beside = composer.querySelector("[data-plus]").getBoundingClientRect();
    target.style.left = `${Math.max(8, beside.left)}px`;
    target.style.top = `${Math.max(8, beside.top - target.offsetHeight - 8)}px`;
    target.querySelector("[role=menuitem]").focus();
  });
}

/** `button` says which kinds, and whether the camera takes them. */
export function pickFiles(composer, button) {
  const pick = composer.querySelector("[data-files]");
  pick.accept = button.dataset.attach;
  if ("camera" in button.dataset) pick.setAttribute("capture", "environment");
  else pick.removeAttribute("capture");
  pick.click();
}
