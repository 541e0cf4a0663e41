// What was written and has not reached the server yet: kept in this browser, sent in order, once.
// The key of an entry is the server's too: sending it again, from another tab or after a reload,
// changes nothing there.

import { fetchHtml } from "../net.js";

const AGAIN_MS = 4000;
let running = false;
let timer = null;

/** An entry: {key, chat, url, text, quote, note}. Listeners hear wa:outbox, {entry, state, html}. */
export function put(owner, entry) {
  save(owner, [...entries(owner), entry]);
  tell(entry, "waiting");
  run(owner);
}

export function entries(owner) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(owner)) ?? "[]");
  } catch { return []; }
}

/** What failed for a reason that the person can mend is no longer kept: the box has it again. */
export function drop(owner, key) {
  save(owner, entries(owner).filter((entry) => entry.key !== key));
}

export async function run(owner) {
  if (running) return;
  running = true;
  clearTimeout(timer);
  try {
    for (let next = entries(owner)[0]; next; next = entries(owner)[0]) {
      const done = await send(owner, next);
      if (!done) { timer = setTimeout(() => run(owner), AGAIN_MS); break; }
    }
  } finally { running = false; }
}

/** Whether the server has answered, with yes or no. */
async function send(owner, entry) {
  const body = new FormData();
  for (const name of ["key", "text", "quote", "seen", "sure"]) body.set(name, entry[name] ?? "");
  try {
    const { html, refused } = await fetchHtml(entry.url, { method: "POST", body });
    drop(owner, entry.key);
    tell(entry, refused ? "refused" : "sent", html);
    return true;
  } catch {
    tell(entry, "offline");
    return false;
  }
}

function tell(entry, state, html = "") {
  document.dispatchEvent(new CustomEvent("wa:outbox", { detail: { entry, state, html } }));
}

function save(owner, list) {
  if (list.length) localStorage.setItem(nameOf(owner), JSON.stringify(list));
  else localStorage.removeItem(nameOf(owner));
}

function nameOf(owner) { return `wa:outbox:${owner}`; }
