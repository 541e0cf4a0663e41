// The search: hits take the list's place while something is typed. Ctrl/⌘+K goes there.

import { fetchHtml } from "../net.js";
import { say } from "./say.js";
import { failed } from "./toast.js";

const PAUSE_MS = 180;
const form = document.querySelector("[data-search]");
const input = form?.querySelector("input");
const hits = document.querySelector("[data-hits]");
let timer = null;
let asked = null;

async function look() {
  const typed = input.value.trim();
  asked?.abort();
  show(typed !== "");
  if (!typed) { hits.replaceChildren(); return; }
  asked = new AbortController();
  hits.ariaBusy = "true";
  try {
    const { html } = await fetchHtml(`${form.dataset.url}?q=${encodeURIComponent(typed)}`, { signal: asked.signal });
    hits.innerHTML = html;
    htmx.process(hits);
    hits.scrollTop = 0;
    say(hits.querySelector(".empty h2")?.textContent ?? `${hits.querySelectorAll(".hit").length}`);
  } catch (error) {
    if (error.name !== "AbortError") failed(look);
  }
  hits.ariaBusy = null;
}

function show(searching) {
  hits.hidden = !searching;
  document.querySelector("wa-list").hidden = searching;
  document.querySelector("[data-filters]").hidden = searching;
  document.querySelector("[data-chips]").hidden = searching;
}

function clear() {
  input.value = "";
  clearTimeout(timer);
  look();
}

form?.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); look(); });
input?.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, PAUSE_MS); });
input?.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && input.value) { event.preventDefault(); event.stopPropagation(); clear(); }
  if (event.key === "ArrowDown") { event.preventDefault(); first()?.focus(); }
});
hits?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { event.stopPropagation(); input.focus(); }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-search-clear]")) { clear(); input.focus(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (!input || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  input.focus();
  input.select();
});

const first = () => document.querySelector(hits.hidden ? "wa-list .row__link" : "[data-hits] .row__link");
