// Reacting to a message and forwarding it: what the thread asks the reply box to do.

import { parse } from "../keyed.js";
import { fetchHtml, hint } from "../net.js";
import { openDialog, refuse } from "./dialogs.js";
import { pickEmoji } from "./emoji.js";
import { newKey } from "./keys.js";
import { failed, toast } from "./toast.js";

export function reactTo(composer, { message, bubble }) {
  pickEmoji(composer, bubble, (emoji) => react(composer, message, emoji));
}

async function react(composer, message, emoji) {
  const body = new FormData();
  body.set("emoji", emoji);
  body.set("key", newKey());
  try {
    const url = `/chats/${composer.dataset.chat}/mensajes/${message}/reaccion`;
    const { html, refused } = await fetchHtml(url, { method: "POST", body });
    if (refused) toast(parse(html).textContent.trim());
    else composer.took(html, false, { stays: true });
  } catch { failed(() => react(composer, message, emoji)); }
}

export function forwardFrom(composer, { message }) {
  const dialog = openDialog(composer, "forward");
  const form = dialog.querySelector("form");
  const key = newKey();
  const chosen = new Map();
  const search = form.querySelector("[data-search]");
  const find = () => list(composer, form, search.value, chosen);
  let timer = null;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 200); });
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[name=to]")) return;
    if (event.target.checked) chosen.set(event.target.value, event.target.parentElement.textContent);
    else chosen.delete(event.target.value);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(composer, dialog, message, [...chosen.keys()], key);
  });
  find();
  search.focus();
}

async function list(composer, form, words, chosen) {
  const box = form.querySelector("[data-targets]");
  const { html } = await fetchHtml(`${composer.dataset.listUrl}?q=${encodeURIComponent(words)}&state=all`);
  const rows = [...parse(html).querySelectorAll(".row")];
  const found = rows.map((row) => [row.id.replace("chat-", ""), row.querySelector(".row__name")?.textContent.trim()]);
  const shown = new Map([...chosen, ...found]);
  box.replaceChildren(...[...shown].slice(0, 30).map(([id, name]) => {
    const label = document.createElement("label");
    const tick = document.createElement("input");
    tick.type = "checkbox";
    tick.name = "to";
    tick.value = id;
    tick.checked = chosen.has(id);
    label.append(tick, ` ${name}`);
    return label;
  }));
}

async function send(composer, dialog, message, targets, key) {
  const form = dialog.querySelector("form");
  const body = new FormData();
  body.set("key", key);
  for (const one of targets) body.append("to", one);
  try {
    const url = `/chats/${composer.dataset.chat}/mensajes/${message}/reenviar`;
    const { html, refused } = await fetchHtml(url, { method: "POST", body });
    const said = parse(html).textContent.trim();
    if (refused) { refuse(form, said); return; }
    toast(said);
    hint();
    dialog.close();
  } catch { refuse(form, composer.dataset.lost); }
}
