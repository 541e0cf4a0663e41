// The picker of templates: a dialog over the chat, filled by the server, sent once.

import { parse } from "../keyed.js";
import { fetchHtml, hint } from "../net.js";

const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-templates]");
  if (opener) open(opener.dataset.templates, opener);
});

async function open(url, opener) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog picker";
  dialog.setAttribute("aria-labelledby", "templates-title");
  dialog.innerHTML = '<div class="skeleton"></div><div class="skeleton"></div><div class="skeleton"></div>';
  document.getElementById("layer").append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); opener.focus(); });
  dialog.addEventListener("click", (event) => onClick(event, dialog, url, opener));
  dialog.addEventListener("input", (event) => onInput(event, dialog));
  dialog.addEventListener("submit", (event) => { event.preventDefault(); send(event.target, dialog); });
  dialog.addEventListener("toggle", (event) => { if (event.target.open) preview(event.target); }, true);
  dialog.showModal();
  await load(dialog, url, opener);
}

async function load(dialog, url, opener, options = {}) {
  try {
    const { html } = await fetchHtml(url, options);
    dialog.replaceChildren(parse(html));
    dialog.querySelector("[data-filter]")?.focus();
  } catch {
    const lost = document.createElement("p");
    lost.role = "alert";
    lost.textContent = document.getElementById("toasts").dataset.lost;
    const again = document.createElement("button");
    again.className = "button";
    again.textContent = document.getElementById("toasts").dataset.repeat;
    again.addEventListener("click", () => load(dialog, url, opener));
    dialog.replaceChildren(lost, again);
    again.focus();
  }
}

function onClick(event, dialog, url, opener) {
  if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  const again = event.target.closest("[data-again]");
  if (!again) return;
  again.disabled = true;
  load(dialog, url, opener, { method: "POST", body: new FormData() });
}

function onInput(event, dialog) {
  if (event.target.matches("[data-filter]")) filter(event.target.value, dialog);
  else preview(event.target.closest("details"));
}

function filter(words, dialog) {
  const wanted = plain(words);
  const shown = [...dialog.querySelectorAll("details[data-words]")].filter((one) => {
    one.hidden = !plain(one.dataset.words).includes(wanted);
    return !one.hidden;
  });
  dialog.querySelector("[data-none]").hidden = shown.length > 0;
}

function plain(text) { return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim(); }

/** The text as the contact will read it; its first variables are the heading's. */
function preview(details) {
  const shown = details?.querySelector("[data-preview]");
  if (!shown) return;
  const values = new Map([...details.querySelectorAll("input[name]")].map((one) => [one.name, one.value]));
  const heading = [...values.keys()].filter((name) => name.startsWith("h-")).length;
  let seen = 0;
  shown.textContent = shown.dataset.text.replace(VARIABLE, (mark, name) => {
    const place = seen < heading ? "h" : "b";
    seen += 1;
    return values.get(`${place}-${name}`) || mark;
  });
}

async function send(form, dialog) {
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  const said = form.querySelector("[data-refusal]");
  try {
    const { html, refused } = await fetchHtml(form.action, { method: "POST", body: new FormData(form) });
    if (!refused) {
      const thread = document.querySelector("#chat wa-thread");
      thread?.take(html);
      thread?.toEnd();
      hint(document.getElementById("chat").dataset.chat);
      dialog.close();
      return;
    }
    said.textContent = parse(html).textContent.trim();
  } catch {
    said.textContent = document.getElementById("toasts").dataset.lost;
  }
  said.hidden = false;
  button.disabled = false;
}
