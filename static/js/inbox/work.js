// The work on a chat, from the menus of its head: what was done is told with a way back.

import { fetchHtml, hint } from "../net.js";
import { toast } from "./toast.js";

document.addEventListener("wa:done", (event) => {
  const { text, undo, back } = event.detail;
  toast(text, { undo: undo ? () => takeBack(undo, back) : null });
});

async function takeBack(url, back) {
  const body = new FormData();
  for (const [name, value] of Object.entries(back)) body.set(name, value);
  await fetchHtml(url, { method: "POST", body });
  hint();
}

const menuOf = (node) => node.closest?.("details[data-work-menu]");
const searchOf = (menu) => menu.querySelector("[data-narrow]");

// A menu that closes asks for nothing, and leaves the head to be drawn anew.
document.addEventListener("toggle", (event) => {
  const menu = menuOf(event.target);
  if (menu && !menu.open && menu.isConnected) hint(menu.closest("#chat").dataset.chat);
}, true);
document.addEventListener("htmx:beforeRequest", (event) => {
  const inside = event.target.matches("[data-menu-inside]") && menuOf(event.target);
  if (inside && !inside.open) event.preventDefault();
});

// What was typed in the search stays over a change of labels.
document.addEventListener("htmx:beforeSwap", (event) => {
  const menu = menuOf(event.detail.target);
  if (!menu) return;
  const { xhr } = event.detail;
  if (xhr.status === 422) {
    event.detail.shouldSwap = false;
    say(menu, xhr.responseText);
    return;
  }
  say(menu, "");
  menu.dataset.focused = document.activeElement?.dataset.label ?? "";
});
document.addEventListener("htmx:afterSwap", (event) => {
  const menu = menuOf(event.detail.target);
  if (!menu?.open) return;
  const again = menu.dataset.focused && menu.querySelector(`[data-label="${menu.dataset.focused}"]`);
  (again || searchOf(menu) || menu.querySelector("[data-choices] button"))?.focus();
});

function say(menu, words) {
  const error = menu.querySelector("[data-action-error]");
  if (!error) return;
  error.textContent = words;
  error.hidden = !words;
}

// Searching in a menu ------------------------------------------------------------------------------

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase("es").trim();

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-narrow]")) narrow(event.target);
});

function narrow(search) {
  const wanted = plain(search.value);
  const menu = menuOf(search);
  let isThere = false;
  let isShown = false;
  for (const item of menu.querySelectorAll("[data-choices] .menu__item")) {
    const name = plain(item.textContent);
    item.hidden = !name.includes(wanted);
    isShown ||= !item.hidden;
    isThere ||= name === wanted;
  }
  for (const title of menu.querySelectorAll(".choices__title")) title.hidden = Boolean(wanted);
  const none = menu.querySelector("[data-none]");
  if (none) none.hidden = isShown;
  offerNew(menu, search.value.trim(), isThere);
}

function offerNew(menu, name, isThere) {
  const form = menu.querySelector("[data-new-label]");
  if (!form) return;
  form.hidden = !name || isThere;
  form.querySelector("[data-new-name]").textContent = name;
}

// Arrows move through a menu; Enter in its search takes the first that fits.
document.addEventListener("keydown", (event) => {
  const menu = menuOf(event.target);
  if (!menu?.open || event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(menu, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && event.target.matches("[data-narrow]")) {
    event.preventDefault();
    firstOf(menu, event.target.value.trim())?.click();
  }
});

function step(menu, by) {
  const items = [...menu.querySelectorAll("[data-narrow], .menu__sheet button, .menu__sheet input[type=radio]:checked")];
  const shown = items.filter((item) => item.offsetParent);
  const at = shown.indexOf(document.activeElement);
  shown.at(at < 0 ? (by > 0 ? 0 : -1) : (at + by) % shown.length)?.focus();
}

/** Of a label that is not there, the button that makes it. */
function firstOf(menu, typed) {
  if (!typed) return null;
  const form = menu.querySelector("[data-new-label]:not([hidden])");
  return menu.querySelector("[data-choices] .menu__item:not([hidden])") ?? form?.querySelector("[data-create-label]");
}
