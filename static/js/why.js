// "¿Por qué?" on a message of the bot opens a dialog; without it, or in a new tab, the link is a page.

import { fetchHtml } from "./net.js";

let dialog = null;

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-why]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  try {
    const { html } = await fetchHtml(link.href, { headers: { "HX-Request": "true" } });
    show(html, link.dataset.close);
  } catch {
    location.assign(link.href); // the page says what is wrong
  }
});

function show(html, closeLabel) {
  dialog ??= build();
  dialog.querySelector("[data-inside]").innerHTML = html;
  const close = dialog.querySelector("button");
  close.setAttribute("aria-label", closeLabel);
  close.title = closeLabel;
  dialog.showModal();
  dialog.scrollTop = 0;
}

function build() {
  const made = document.createElement("dialog");
  made.className = "why";
  made.setAttribute("aria-labelledby", "why-title");
  made.innerHTML = '<form method="dialog"><button class="tool why__close">×</button></form><div data-inside></div>';
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  document.body.append(made);
  return made;
}
