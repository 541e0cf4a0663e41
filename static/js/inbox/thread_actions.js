// What can be done with a message: on hover, from its menu, and by keyboard. Answering, reacting and
// forwarding are told to the reply box: wa:quote, wa:react, wa:forward, {message, bubble}.

import { copyText } from "./clipboard.js";
import { showMessageInfo } from "./message_info.js";
import { say } from "./say.js";

const TOLD = new Set(["quote", "react", "forward"]);
const KEYS = { r: "quote", e: "react", f: "forward", c: "copy", i: "info" };
const MARGIN = 8; // pixels between the menu and the window's edge
let menu = null;
let bubble = null; // the one that the menu is about

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-actions]");
  if (opener) { openMenu(opener.closest(".bubble"), opener); return; }
  const chosen = event.target.closest("[data-act]");
  if (!chosen) return;
  const target = chosen.closest(".bubble") ?? bubble;
  if (menu?.contains(chosen)) menu.hidePopover();
  run(chosen.dataset.act, target);
});

document.addEventListener("keydown", (event) => {
  if (menu?.contains(event.target)) { moveInMenu(event); return; }
  const log = event.target.closest?.("[data-log]");
  if (log) onLogKey(event, log);
});

function run(act, target) {
  if (!offers(target, act)) return;
  if (TOLD.has(act)) {
    const detail = { message: Number(target.dataset.id), bubble: target };
    target.dispatchEvent(new CustomEvent(`wa:${act}`, { detail, bubbles: true }));
  } else if (act === "copy") copy(target);
  else if (act === "why") target.querySelector("[data-why]").click();
  else if (act === "info") showMessageInfo(target);
}

function offers(target, act) { return Boolean(target?.dataset.can?.split(" ").includes(act)); }

async function copy(target) {
  const { copied, lost } = target.closest("wa-thread").dataset;
  const done = await copyText(target.querySelector(".bubble__text").textContent);
  say(done ? copied : lost);
  if (done) target.classList.add("is-copied");
  setTimeout(() => target.classList.remove("is-copied"), 1200);
}

// A long press, on a touch screen, is the menu's: words are copied from it.
document.addEventListener("contextmenu", (event) => {
  const target = event.target.closest?.(".bubble");
  if (!target || event.pointerType !== "touch" || event.target.closest("a, button")) return;
  event.preventDefault();
  openMenu(target, target);
});

// The menu -----------------------------------------------------------------------------------------

function openMenu(target, beside) {
  bubble = target;
  menu?.remove(); // the chat may have been changed for another
  menu = target.closest("wa-thread").querySelector("[data-message-menu]").content.firstElementChild.cloneNode(true);
  for (const item of menu.children) item.hidden = !offers(target, item.dataset.act);
  document.getElementById("layer").append(menu);
  menu.addEventListener("toggle", (event) => { if (event.newState === "closed") target.classList.remove("is-open"); });
  target.classList.add("is-open");
  menu.showPopover();
  place(beside.getBoundingClientRect());
  items()[0].focus();
}

/** Below what opened it, inside the window; by the object model, which the page's policy allows. */
function place(beside) {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(Math.max(beside.right - width, MARGIN), innerWidth - width - MARGIN);
  const below = beside.bottom + height + MARGIN <= innerHeight;
  const top = below ? beside.bottom : Math.max(beside.top - height, MARGIN);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function items() { return [...menu.children].filter((item) => !item.hidden); }

function moveInMenu(event) {
  const all = items();
  const at = all.indexOf(document.activeElement);
  const next = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (event.key === "Tab") { menu.hidePopover(); return; }
  if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); menu.hidePopover(); bubble.focus(); return; }
  if (next === undefined) return;
  event.preventDefault();
  all[next].focus();
}

// The keyboard: arrows walk the messages, Enter opens the menu, letters do the rest ------------------

function onLogKey(event, log) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const current = event.target.closest("[data-id]");
  const isOwn = event.target === log || event.target === current; // not on a link or button inside
  if (!isOwn) return;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") walk(event, log, current);
  else if (current && (event.key === "Enter" || event.key === " ")) openFrom(event, current);
  else if (current && KEYS[event.key.toLowerCase()]) act(event, current);
}

function walk(event, log, current) {
  const all = [...log.querySelectorAll("[data-id]")];
  const step = event.key === "ArrowUp" ? -1 : 1;
  const next = current ? all[all.indexOf(current) + step] : all.at(-1);
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function openFrom(event, current) {
  const opener = current.querySelector("[data-actions]");
  if (!opener) return;
  event.preventDefault();
  openMenu(current, opener);
}

function act(event, current) {
  event.preventDefault();
  run(KEYS[event.key.toLowerCase()], current);
}
