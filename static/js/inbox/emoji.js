// Emojis with names in Spanish: a grid that is searched by name, used by the box and by reactions.

import { plain } from "./suggestions.js";

const MOST = 160;
const RECENT = "wa:emoji";
let known = null;

/** Open the picker beside `anchor`; `take(emoji)` gets the chosen one. */
export async function pickEmoji(composer, anchor, take) {
  const picker = composer.querySelector("template[data-dialog=emoji]").content.firstElementChild.cloneNode(true);
  document.getElementById("layer").append(picker);
  picker.addEventListener("toggle", (event) => { if (event.newState === "closed") picker.remove(); });
  picker.addEventListener("click", (event) => {
    const emoji = event.target.closest("button")?.textContent;
    if (!emoji) return;
    remember(emoji);
    picker.hidePopover();
    take(emoji);
  });
  picker.addEventListener("keydown", (event) => onKey(event, picker));
  const search = picker.querySelector("input");
  search.addEventListener("input", () => fill(picker, search.value));
  picker.showPopover();
  place(picker, anchor.getBoundingClientRect());
  search.focus();
  await load(composer.dataset.emojiUrl);
  fill(picker, search.value);
}

async function load(url) {
  known ??= fetch(url).then((answer) => answer.json()).then((all) => all
    .filter((one) => one.group !== undefined && one.group !== 2)
    .sort((a, b) => a.order - b.order)
    .map((one) => ({ emoji: one.unicode, words: plain([one.label, ...(one.tags ?? [])].join(" ")) })));
  try { return await known; } catch (error) { known = null; throw error; }
}

async function fill(picker, words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const all = await known;
  const found = wanted.length ? all.filter((one) => wanted.every((word) => one.words.includes(word))) : withRecent(all);
  const buttons = found.slice(0, MOST).map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.role = "option";
    button.textContent = one.emoji;
    button.title = one.words;
    button.setAttribute("aria-label", one.words);
    return button;
  });
  picker.querySelector(".emoji__grid").replaceChildren(...buttons);
  picker.querySelector(".emoji__none").hidden = buttons.length > 0;
}

function withRecent(all) {
  const byEmoji = new Map(all.map((one) => [one.emoji, one]));
  const recent = recents().map((emoji) => byEmoji.get(emoji)).filter(Boolean);
  return [...recent, ...all.filter((one) => !recent.includes(one))];
}

function recents() { try { return JSON.parse(localStorage.getItem(RECENT)) ?? ["👍", "❤️", "😂", "🙏", "😮", "😢"]; } catch { return []; } }

function remember(emoji) {
  const list = [emoji, ...recents().filter((one) => one !== emoji)].slice(0, 16);
  localStorage.setItem(RECENT, JSON.stringify(list));
}

function onKey(event, picker) {
  const all = [...picker.querySelectorAll(".emoji__grid button")];
  const at = all.indexOf(document.activeElement);
  if (event.key === "Enter" && at < 0 && all.length) { event.preventDefault(); all[0].click(); return; }
  const columns = Math.max(1, all.findIndex((one) => one.offsetTop > all[0].offsetTop));
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: at < 0 ? 1 : columns, ArrowUp: -columns }[event.key];
  if (!step || (at < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  (all[at < 0 ? 0 : at + step] ?? picker.querySelector("input")).focus();
}

function place(picker, beside) {
  const { width, height } = picker.getBoundingClientRect();
  const left = Math.min(Math.max(8, beside.left), innerWidth - width - 8);
  const above = beside.top - height - 8;
  picker.style.left = `${left}px`;
  picker.style.top = `${above > 8 ? above : Math.min(beside.bottom + 8, innerHeight - height - 8)}px`;
}
