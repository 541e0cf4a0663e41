// Buttons and lists: a form with WhatsApp's limits in it, and the bubble beside it as it will look.

import { parse } from "../keyed.js";
import { fetchHtml } from "../net.js";
import { openDialog, refuse } from "./dialogs.js";
import { newKey } from "./keys.js";

const ROWS = 10;

export function buildOptions(composer, kind) {
  const dialog = openDialog(composer, "options");
  const form = dialog.querySelector("form");
  const key = newKey();
  const title = dialog.querySelector("[data-title]");
  title.textContent = title.dataset[kind];
  for (const part of dialog.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== kind;
  form.elements.body.value = composer.isNote ? "" : composer.text.value;
  if (kind === "list") for (let n = 0; n < 2; n += 1) add(dialog, "row");
  form.addEventListener("click", (event) => onClick(event, dialog));
  dialog.addEventListener("input", () => preview(dialog, kind));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(composer, dialog, kind, key); });
  preview(dialog, kind);
  form.elements.body.focus();
}

function onClick(event, dialog) {
  if (event.target.closest("[data-remove]")) event.target.closest("p").remove();
  else if (event.target.closest("[data-add-row]")) add(dialog, "row")?.focus();
  else if (event.target.closest("[data-add-section]")) add(dialog, "section")?.focus();
  else return;
  dialog.dispatchEvent(new Event("input"));
}

function add(dialog, what) {
  const rows = dialog.querySelector("[data-rows]");
  if (what === "row" && rows.querySelectorAll("[name=row]").length >= ROWS) return null;
  const line = dialog.querySelector(`template[data-${what}]`).content.firstElementChild.cloneNode(true);
  rows.append(line);
  return line.querySelector("input");
}

function menuOf(dialog, kind) {
  const form = dialog.querySelector("form");
  const body = form.elements.body.value;
  if (kind === "buttons") {
    const titles = [...form.querySelectorAll("[name=title]")].map((one) => one.value.trim()).filter(Boolean);
    return { kind, body, titles };
  }
  const sections = [{ title: "", rows: [] }];
  for (const line of form.querySelector("[data-rows]").children) {
    const heading = line.querySelector("[name=section]");
    if (heading) sections.push({ title: heading.value.trim(), rows: [] });
    else sections.at(-1).rows.push({ title: line.querySelector("[name=row]").value.trim(), description: line.querySelector("[name=about]").value.trim() });
  }
  return { kind, body, button: form.elements.button.value, sections };
}

function preview(dialog, kind) {
  const menu = menuOf(dialog, kind);
  const count = dialog.querySelector("[data-count-of=body]");
  count.textContent = `${[...menu.body].length} / 1024`;
  dialog.querySelector("[data-preview-body]").textContent = menu.body || "…";
  const titles = kind === "buttons" ? menu.titles : [menu.button];
  const rows = kind === "list" ? menu.sections.flatMap((one) => [one.title && { heading: one.title }, ...one.rows.filter((row) => row.title)]).filter(Boolean) : [];
  dialog.querySelector("[data-preview-options]").replaceChildren(...titles.map(button), ...rows.map(row));
}

function button(title) {
  const made = document.createElement("li");
  made.className = "options__button";
  made.textContent = title;
  return made;
}

function row(one) {
  const made = document.createElement("li");
  made.className = one.heading ? "builder__heading" : "builder__option";
  made.textContent = one.heading ?? one.title;
  if (one.description) {
    const small = document.createElement("small");
    small.textContent = one.description;
    made.append(small);
  }
  return made;
}

async function send(composer, dialog, kind, key) {
  const form = dialog.querySelector("form");
  const body = new FormData();
  body.set("menu", JSON.stringify(menuOf(dialog, kind)));
  body.set("key", key);
  const submit = form.querySelector("[type=submit]");
  submit.disabled = true;
  try {
    const { html, refused } = await fetchHtml(composer.dataset.optionsUrl, { method: "POST", body });
    if (refused) refuse(form, parse(html).textContent.trim());
    else { composer.write(""); composer.took(html, false); dialog.close(); }
  } catch { refuse(form, composer.dataset.lost); }
  submit.disabled = false;
}
