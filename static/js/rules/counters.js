// How much of Meta's limit a text takes. Limits count UTF-16 units, as a script's `length` does.

/** Show `12/20` after `input`; over the limit it says so to everybody. */
export function count(input) {
  const limit = Number(input.dataset.limit);
  let shown = input.nextElementSibling;
  if (!shown?.classList.contains("counter")) {
    shown = document.createElement("span");
    shown.className = "counter";
    shown.setAttribute("aria-hidden", "true");
    input.after(shown);
  }
  const size = input.value.trim().length;
  const isOver = limit > 0 && size > limit;
  shown.textContent = limit ? `${size}/${limit}` : "";
  shown.classList.toggle("counter--over", isOver);
  input.toggleAttribute("aria-invalid", isOver);
}

export function countAll(root) {
  for (const input of root.querySelectorAll("[data-limit]")) count(input);
}

document.addEventListener("input", (event) => {
  if (event.target.dataset?.limit) count(event.target);
});
