// The reply box: Enter sends once, what is being typed is never lost, drafts stay with their chat.

import { parse } from "./keyed.js";
import { fetchHtml, hint } from "./net.js";
const MAX_ROWS = 6;
const LINE = 21; // pixels: line-height and padding of .composer textarea
const PADDING = 20;

class Composer extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.text = this.form.elements.text;
    this.busy = false;
    this.again = false;
    this.tried = null; // the text that may have been sent: the same text keeps its key
    this.text.value ||= sessionStorage.getItem(this.draftName) ?? "";
    this.text.addEventListener("input", () => { this.#grow(); this.#saveDraft(); });
    this.text.addEventListener("keydown", (event) => this.#onKey(event));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.querySelector("[data-unquote]").addEventListener("click", () => this.quote(null));
    this.onQuote = (event) => {
      const button = event.target.closest("[data-quote]");
      if (button) this.quote(button);
    };
    this.chatPane.addEventListener("click", this.onQuote);
    this.#grow();
    if (matchMedia("(hover: hover)").matches) this.text.focus({ preventScroll: true });
  }

  disconnectedCallback() { this.chatPane?.removeEventListener("click", this.onQuote); }

  get chatPane() { return this.closest("#chat"); }
  get thread() { return this.chatPane.querySelector("wa-thread"); }
  get draftName() { return `wa:draft:${this.form.dataset.draft}`; }

  setWindow(state) {
    this.querySelector("[data-closed]").hidden = state === "open";
    this.querySelector("fieldset").disabled = state !== "open";
  }

  quote(button) {
    const bubble = button?.closest(".bubble");
    this.form.elements.quote.value = button?.dataset.quote ?? "";
    this.querySelector("[data-quoting]").hidden = !button;
    if (!bubble) return;
    const words = bubble.querySelector(".bubble__text, .attached__title");
    this.querySelector("[data-quote-who]").textContent = bubble.querySelector(".bubble__who").textContent;
    this.querySelector("[data-quote-text]").textContent = words?.textContent ?? "";
    this.text.focus();
  }

  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  /** While one message is on its way the next waits: order is kept, nothing is sent twice. */
  async send() {
    const text = this.text.value;
    if (!text.trim()) return;
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    if (text !== this.tried) this.form.elements.key.value = newKey();
    this.tried = text;
    const data = new FormData(this.form);
    const quoted = this.form.elements.quote.value;
    this.#clear();
    const sent = await this.#post(data);
    if (sent) this.tried = null;
    else this.#giveBack(text, quoted);
    this.busy = false;
    const next = sent && this.again;
    this.again = false;
    if (next) this.send();
  }

  async #post(data) {
    try {
      const { html, refused } = await fetchHtml(this.form.action, { method: "POST", body: data });
      if (refused) {
        this.#showErrors(parse(html).querySelector("[data-errors]").textContent.trim());
        this.tried = null;
        return false;
      }
      this.thread.take(html);
      this.thread.toEnd();
      hint(this.chatPane.dataset.chat);
      return true;
    } catch {
      this.#showErrors(this.dataset.lost);
      return false;
    }
  }

  #clear() {
    this.text.value = "";
    this.quote(null);
    this.#showErrors("");
    this.#grow();
    this.#saveDraft();
  }

  #giveBack(text, quoted) {
    this.text.value = this.text.value ? `${text}\n${this.text.value}` : text;
    const button = quoted && this.chatPane.querySelector(`[data-quote="${quoted}"]`);
    if (button) this.quote(button);
    this.#grow();
    this.#saveDraft();
  }

  #showErrors(words) { this.querySelector("[data-errors]").textContent = words; }

  #saveDraft() {
    if (this.text.value) sessionStorage.setItem(this.draftName, this.text.value);
    else sessionStorage.removeItem(this.draftName);
  }

  /** By rows, not by a style attribute, which the page's policy forbids. */
  #grow() {
    this.text.rows = 1;
    const rows = Math.floor((this.text.scrollHeight - PADDING) / LINE);
    this.text.rows = Math.min(Math.max(rows, 1), MAX_ROWS);
  }
}

/** crypto.randomUUID needs https; offices open whapco by http on their own network. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

customElements.define("wa-composer", Composer);
