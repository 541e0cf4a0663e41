// Several chats at once: picked with the box of a row, Ctrl+click, or Shift for all in between.
// An act asks once, and can be undone.

import { fetchHtml, hint } from "../net.js";
import { failed, toast } from "./toast.js";

const list = document.querySelector("wa-list");
const bar = document.querySelector("[data-bulk]");
const dialog = document.querySelector("[data-ask-dialog]");
const picked = new Set();
let last = null;

export function pick(id, on = !picked.has(id)) {
  if (on) picked.add(id); else picked.delete(id);
  last = id;
  draw();
}

function pickBetween(id) {
  const ids = [...list.querySelectorAll(".row")].map((row) => row.dataset.id);
  const [from, to] = [ids.indexOf(last ?? id), ids.indexOf(id)].sort((a, b) => a - b);
  for (const one of ids.slice(Math.max(0, from), to + 1)) picked.add(one);
  last = id;
  draw();
}

function unpick() {
  picked.clear();
  last = null;
  draw();
}

function draw() {
  for (const row of list.querySelectorAll(".row")) {
    const on = picked.has(row.dataset.id);
    row.classList.toggle("is-picked", on);
    row.querySelector("[data-pick]").checked = on;
  }
  list.classList.toggle("is-picking", picked.size > 0);
  bar.hidden = picked.size === 0;
  bar.querySelector("[data-picked]").textContent = picked.size;
}

list?.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (!row) return;
  const box = event.target.closest("[data-pick]");
  if (event.target.closest(".row__pick") && !box) return; // its label: the box gets a click of its own
  const link = event.target.closest(".row__link");
  if (!box && !(link && (event.shiftKey || event.ctrlKey || event.metaKey || picked.size))) return;
  if (!box) { event.preventDefault(); event.stopPropagation(); }
  if (event.shiftKey) pickBetween(row.dataset.id);
  else pick(row.dataset.id, box ? box.checked : undefined);
}, true);
document.addEventListener("wa:rows", draw);
bar?.querySelector("[data-unpick]").addEventListener("click", unpick);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && picked.size && !document.querySelector("dialog[open]")) unpick();
});
bar?.addEventListener("change", async ({ target }) => {
  const words = target.dataset.ask.replace("{value}", target.selectedOptions[0].textContent);
  const value = target.value === "nadie" ? "" : target.value;
  target.value = "";
  if (await confirmed(words)) await act(target.dataset.act, value, [...picked]);
});

function confirmed(words) {
  dialog.querySelector("[data-ask-text]").textContent = words;
  dialog.querySelector("[data-ask-count]").textContent = picked.size;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Do it to these chats, and offer the way back. */
export async function act(name, value, ids) {
  const body = new FormData();
  for (const [key, said] of Object.entries({ accion: name, valor: value, chats: ids.join(",") })) body.set(key, said);
  try {
    const { html } = await fetchHtml(bar.dataset.url, { method: "POST", body });
    const { text, undo } = JSON.parse(html);
    unpick();
    hint();
    toast(text, undo ? { undo: () => takeBack(undo) } : {});
  } catch {
    failed(() => act(name, value, ids));
  }
}

async function takeBack(token) {
  const body = new FormData();
  body.set("ficha", token);
  const { html } = await fetchHtml(bar.dataset.undoUrl, { method: "POST", body });
  hint();
  toast(JSON.parse(html).text);
}
