// Words for screen readers: document.dispatchEvent(new CustomEvent("wa:say", { detail: { text } })).

document.addEventListener("wa:say", ({ detail }) => {
  const region = document.getElementById("say");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = detail.text; }); // the same words are said again
});

export function say(text) {
  document.dispatchEvent(new CustomEvent("wa:say", { detail: { text } }));
}
