// Menus are <details>: a click elsewhere or Esc closes them. Their actions say why they failed.

const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target; // not what a menu fetches for itself
  if (!form.matches?.("details.menu form")) return;
  const error = form.querySelector("[data-action-error]");
  const { xhr } = event.detail;
  const successful = xhr.status >= 200 && xhr.status < 300;
  if (error) {
    error.hidden = successful;
    error.textContent = xhr.status === 422 ? xhr.responseText : error.dataset.lost;
  }
  if (successful) form.closest("details").open = false;
});
