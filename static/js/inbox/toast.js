// A word about what was done, with a way back for 5 s; while it is hovered or focused it stays.

import { fetchHtml, hint } from "../net.js";

const SHOWN_MS = 5000;

/** Tell `text`. `undoUrl` (POST) or `undo` (function) take it back; `retry` tries again. */
export function toast(text, { undoUrl = "", undo = null, retry = null } = {}) {
  const box = document.getElementById("toasts");
  const made = document.createElement("div");
  made.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  made.append(words);
  const back = undo ?? (undoUrl && (() => post(undoUrl)));
  if (back) made.append(button(box.dataset.undo, () => attempt(made, back)));
  if (retry) made.append(button(box.dataset.repeat, () => attempt(made, retry)));
  made.append(closeButton(box, made));
  box.append(made);
  leaveInTime(made);
  return made;
}

/** What the person asked for did not happen: say so, and offer to try again. */
export function failed(retry = null) {
  return toast(document.getElementById("toasts").dataset.lost, { retry });
}

async function post(url) {
  await fetchHtml(url, { method: "POST" });
  hint();
}

async function attempt(made, run) {
  made.remove();
  try { await run(); } catch { failed(() => run()); }
}

function button(label, run) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "toast__action";
  made.textContent = label;
  made.addEventListener("click", run);
  return made;
}

function closeButton(box, made) {
  const close = button("×", () => made.remove());
  close.className = "toast__close";
  close.setAttribute("aria-label", box.dataset.close);
  return close;
}

function leaveInTime(made) {
  let timer = null;
  const go = () => { timer = setTimeout(() => made.remove(), SHOWN_MS); };
  const stay = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) made.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) made.addEventListener(name, () => { stay(); go(); });
  go();
}
