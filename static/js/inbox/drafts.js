// A draft per chat: in this browser at once, on the server a moment later, in other tabs as well.

import { BY_ITSELF, fetchHtml } from "../net.js";

const PAUSE_MS = 700;

export class Drafts {
  constructor(composer) {
    this.composer = composer;
    this.name = `wa:draft:${composer.dataset.owner}:${composer.dataset.chat}`;
    this.timer = null;
    this.onStorage = (event) => this.#fromOtherTab(event);
    addEventListener("storage", this.onStorage);
    this.onLeave = () => { if (this.timer) this.#post(); };
    addEventListener("pagehide", this.onLeave);
  }

  close() {
    removeEventListener("storage", this.onStorage);
    removeEventListener("pagehide", this.onLeave);
    if (this.timer) this.#post();
  }

  /** What was typed here last, if the server has not got it; else null. */
  local() {
    try { return JSON.parse(localStorage.getItem(this.name)); } catch { return null; }
  }

  keep(text, isNote) {
    this.kept = { text, isNote };
    if (text) localStorage.setItem(this.name, JSON.stringify(this.kept));
    else localStorage.removeItem(this.name);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#post(), PAUSE_MS);
  }

  async #post() {
    clearTimeout(this.timer);
    this.timer = null;
    const body = new FormData();
    body.set("text", this.kept.text);
    body.set("note", this.kept.isNote ? "1" : "");
    try {
      const options = { method: "POST", body, headers: BY_ITSELF, keepalive: true };
      await fetchHtml(this.composer.dataset.draftUrl, options);
    } catch { /* this browser has it; the next letter tries again */ }
  }

  #fromOtherTab(event) {
    if (event.key !== this.name || document.hasFocus()) return;
    const draft = this.local() ?? { text: "", isNote: false };
    this.composer.show(draft.text, draft.isNote);
  }
}
