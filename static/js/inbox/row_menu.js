// A row's actions: right click, a long press, the menu key or its arrow give the same menu.

import { fetchHtml, hint } from "../net.js";
import { act, pick } from "./bulk.js";
import { failed, toast } from "./toast.js";

const HOLD_MS = 500;
const list = document.querySelector("wa-list");
const menu = document.querySelector("[data-rowmenu]");
let row = null;
let hold = null;
let held = false;

function open(found, x, y) {
  row = found;
  const has = (name) => name in row.dataset;
  const unread = Number(row.dataset.unread) > 0;
  const resolved = row.dataset.state === "resolved";
  const hidden = { pin: has("pinned"), unpin: !has("pinned"), unread, read: !unread, resolve: resolved, reopen: !resolved };
  for (const item of menu.children) item.hidden = hidden[item.dataset.do] ?? false;
  menu.hidden = false;
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  menu.querySelector("button:not([hidden])").focus();
}

function close(back = true) {
  if (menu.hidden) return;
  menu.hidden = true;
  if (back && row) document.getElementById(row.id)?.querySelector(".row__link").focus({ preventScroll: true });
}

const post = (path, more = {}) => {
  const body = new FormData();
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  return fetchHtml(`/chats/${row.dataset.id}/${path}`, { method: "POST", body });
};

const acts = {
  open: () => row.querySelector(".row__link").click(),
  pin: async () => { await post("fijar"); told("pinnedSaid", row.dataset.id, true); },
  unpin: async () => { await post("fijar", { quitar: "1" }); told("unpinnedSaid", row.dataset.id, false); },
  unread: async () => {
    await post("sin-leer");
    toast(menu.dataset.unreadSaid);
    if (document.getElementById("chat")?.dataset.chat === row.dataset.id) location.assign("/"); // seen, it would be read
  },
  read: () => post("leido"),
  mine: () => act("asignar", menu.dataset.me, [row.dataset.id]),
  resolve: () => act("estado", "resolved", [row.dataset.id]),
  reopen: () => act("estado", "open", [row.dataset.id]),
  pick: () => pick(row.dataset.id, true),
};

function told(words, id, wasPinned) {
  const undo = async () => {
    const body = new FormData();
    if (wasPinned) body.set("quitar", "1");
    await fetchHtml(`/chats/${id}/fijar`, { method: "POST", body });
    hint();
  };
  toast(menu.dataset[words], { undo });
}

async function run(name) {
  try {
    await acts[name]();
    hint();
  } catch {
    failed(() => run(name));
  }
}

list?.addEventListener("contextmenu", (event) => {
  const found = event.target.closest(".row");
  if (!found) return;
  event.preventDefault();
  const box = found.getBoundingClientRect();
  if (!held) open(found, event.clientX || box.left + 60, event.clientY || box.top + 40);
});
list?.addEventListener("pointerdown", (event) => {
  held = false;
  const found = event.target.closest(".row");
  if (event.pointerType !== "touch" || !found) return;
  hold = setTimeout(() => { held = true; open(found, event.clientX, event.clientY); }, HOLD_MS);
});
for (const name of ["pointerup", "pointercancel", "pointermove"]) {
  list?.addEventListener(name, (event) => {
    if (name !== "pointermove" || Math.hypot(event.movementX, event.movementY) > 6) clearTimeout(hold);
  });
}
list?.addEventListener("click", (event) => {
  const arrow = event.target.closest("[data-row-menu]");
  if (held) { event.preventDefault(); event.stopPropagation(); held = false; return; } // the end of a long press
  if (!arrow) return;
  const box = arrow.getBoundingClientRect();
  open(arrow.closest(".row"), box.left, box.bottom);
}, true);
menu?.addEventListener("click", ({ target }) => {
  const name = target.closest("[data-do]")?.dataset.do;
  if (!name) return;
  close(name !== "open");
  run(name);
});
document.addEventListener("keydown", (event) => {
  if (!menu || menu.hidden) return;
  const items = [...menu.querySelectorAll("button:not([hidden])")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  if (step || event.key === "Escape" || event.key === "Tab") event.preventDefault();
  if (event.key === "Escape" || event.key === "Tab") { event.stopPropagation(); close(); }
}, true);
document.addEventListener("pointerdown", (event) => { if (!menu?.contains(event.target)) close(false); });
list?.addEventListener("scroll", () => close(false), { passive: true });
