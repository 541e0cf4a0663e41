// The reply box: Enter sends once, what is being typed is never lost, drafts stay with their chat,
// a note is never a message.

import { parse } from "./keyed.js";
import { hint } from "./net.js";
import { openDialog } from "./inbox/dialogs.js";
import { Drafts } from "./inbox/drafts.js";
import { watchDrops } from "./inbox/drop.js";
import { pickEmoji } from "./inbox/emoji.js";
import { newKey } from "./inbox/keys.js";
import { scheduleFrom, watchStrip } from "./inbox/later.js";
import { forwardFrom, reactTo } from "./inbox/message_acts.js";
import { buildOptions } from "./inbox/options_builder.js";
import * as outbox from "./inbox/outbox.js";
import { colleagues, quickReplies } from "./inbox/quick.js";
import { pickFiles, placePlus } from "./inbox/plus.js";
import { Recorder } from "./inbox/recorder.js";
import { Suggestions } from "./inbox/suggestions.js";
import { Tray } from "./inbox/tray.js";

const MAX_ROWS = 6;
const LINE = 21; // pixels: line-height and padding of .composer textarea
const PADDING = 20;
const LIMIT = 4096; // WhatsApp's, in characters as it counts them
const COUNTED_FROM = 3900;

class Composer extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("[data-reply]");
    this.text = this.form.elements.text;
    this.drafts = new Drafts(this);
    const words = { none: this.dataset.none };
    this.suggestions = new Suggestions(this.text, this.querySelector("[data-suggest]"), [quickReplies(this), colleagues(this)], words);
    const draft = this.drafts.local();
    if (draft) this.show(draft.text, draft.isNote);
    this.text.addEventListener("input", () => { this.#fit(); this.#keepDraft(); });
    this.text.addEventListener("keydown", (event) => this.#onKey(event));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.addEventListener("click", (event) => this.#onClick(event));
    this.acts = { "wa:quote": (detail) => this.quote(detail), "wa:react": (detail) => reactTo(this, detail), "wa:forward": (detail) => forwardFrom(this, detail) };
    this.onAct = (event) => this.acts[event.type](event.detail);
    for (const name of Object.keys(this.acts)) this.pane.addEventListener(name, this.onAct);
    this.onOutbox = (event) => this.#onOutbox(event.detail);
    document.addEventListener("wa:outbox", this.onOutbox);
    this.onOnline = () => outbox.run(this.owner);
    addEventListener("online", this.onOnline);
    watchStrip(this);
    this.#watchFiles();
    placePlus(this);
    this.#fit();
    for (const entry of this.#mine()) this.#showPending(entry);
    outbox.run(this.owner);
    if (matchMedia("(hover: hover)").matches) this.text.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    this.recorder.leave();
    this.drafts.close();
    document.removeEventListener("wa:outbox", this.onOutbox);
    removeEventListener("online", this.onOnline);
    for (const name of Object.keys(this.acts)) this.pane?.removeEventListener(name, this.onAct);
  }

  get pane() { return (this.paneOf ??= this.closest("#chat")); }
  get thread() { return this.pane.querySelector("wa-thread"); }
  get owner() { return this.dataset.owner; }
  get isNote() { return this.classList.contains("is-note"); }
  get isClosed() { return this.dataset.window !== "open"; }

  setWindow(state) {
    this.dataset.window = state;
    this.querySelector("[data-closed]").hidden = state === "open";
    this.#enable();
  }

  /** Put `text` in the box, as a message or as a note. */
  show(text, isNote) {
    this.text.value = text;
    this.#setNote(isNote);
    this.#fit();
  }

  write(text) {
    this.show(text, this.isNote);
    this.#keepDraft();
    this.text.focus();
  }

  insert(text, start = this.text.selectionStart) {
    this.text.setRangeText(text, start, this.text.selectionEnd, "end");
    this.text.dispatchEvent(new Event("input"));
    this.text.focus();
  }

  quote(detail) {
    const bubble = detail?.bubble;
    this.form.elements.quote.value = detail?.message ?? "";
    this.querySelector("[data-quoting]").hidden = !bubble;
    if (!bubble) return;
    this.#setNote(false);
    const words = bubble.querySelector(".bubble__text, .attached__title");
    this.querySelector("[data-quote-who]").textContent = bubble.querySelector(".bubble__who").textContent;
    this.querySelector("[data-quote-text]").textContent = words?.textContent ?? "";
    this.text.focus();
  }

  complain(words) { this.querySelector("[data-errors]").textContent = words; }

  /** What the server answered to something that was sent from here. */
  took(html, refused, { stays = false } = {}) {
    if (refused) { this.complain(parse(html).textContent.trim()); return; }
    this.complain("");
    this.thread.take(html);
    if (!stays) this.thread.toEnd();
    hint(this.dataset.chat);
  }

  #watchFiles() {
    this.addEventListener("wa:tray", () => this.#enable());
    this.tray = new Tray(this);
    this.recorder = new Recorder(this.querySelector("[data-recorder]"), {
      take: (file) => { this.tray.add([file], { voice: true }); this.send(); },
      keep: (file) => this.tray.add([file], { voice: true }),
      fail: (why) => this.complain(why === "mic" ? this.dataset.wordsMic : this.dataset.wordsNomic),
    });
    watchDrops(this, this.pane, (files) => this.#attach(files));
    const pick = this.querySelector("[data-files]");
    pick.addEventListener("change", () => { this.#attach([...pick.files]); pick.value = ""; });
  }

  #attach(files) {
    this.#setNote(false);
    this.tray.add(files);
    this.text.focus();
  }

  /** Files leave first, and the words with the first of them. */
  async #sendFiles() {
    if (this.busy) return;
    this.busy = true;
    this.#enable();
    const sent = await this.tray.send(this.text.value.trim(), this.form.elements.quote.value);
    this.busy = false;
    if (sent) this.quote(null);
    if (sent === "with words") this.write("");
    this.#enable();
    if (sent === true && this.text.value.trim()) this.send();
  }

  /** The box is empty at once: a second Enter has nothing to send. */
  send() {
    const text = this.text.value;
    if (!this.isNote && !this.tray.isEmpty) { this.#sendFiles(); return; }
    if (!text.trim() || [...text].length > LIMIT || (this.isClosed && !this.isNote)) return;
    const entry = { key: newKey(), chat: this.dataset.chat, text, quote: this.form.elements.quote.value, note: this.isNote, seen: this.#lastSeen() };
    entry.url = entry.note ? this.dataset.noteUrl : this.form.action;
    const wasNote = this.isNote;
    this.quote(null);
    this.complain("");
    this.write("");
    if (wasNote) this.#setNote(false);
    this.#keepDraft();
    outbox.put(this.owner, entry);
    this.thread.toEnd();
  }

  #lastSeen() { return Math.max(0, ...[...this.thread.querySelectorAll("[data-id]")].map((one) => Number(one.dataset.id) || 0)); }

  #mine() { return outbox.entries(this.owner).filter((entry) => entry.chat === this.dataset.chat); }

  #onOutbox({ entry, state, html }) {
    if (entry.chat !== this.dataset.chat) return;
    if (state === "waiting") { this.#showPending(entry); return; }
    const pending = document.getElementById(`pending-${entry.key}`);
    if (state === "offline") { if (pending) pending.querySelector("[data-offline-words]").hidden = false; return; }
    pending?.remove();
    if (state === "sent") { this.took(html, false); return; }
    this.#giveBack(entry, parse(html));
  }

  #showPending(entry) {
    if (document.getElementById(`pending-${entry.key}`)) return;
    const bubble = this.querySelector("template[data-pending]").content.firstElementChild.cloneNode(true);
    bubble.id = `pending-${entry.key}`;
    bubble.dataset.key = `9999|${entry.key}`; // after all that has a time
    bubble.classList.toggle("kind-note", Boolean(entry.note));
    bubble.querySelector("[data-words]").textContent = entry.text;
    this.thread.querySelector("[data-log]").append(bubble);
    this.thread.toEnd();
  }

  /** Refused: the words go back to the box, unless a colleague was quicker and it was meant. */
  async #giveBack(entry, fragment) {
    const collision = fragment.querySelector("[data-collision]");
    if (collision && await this.#sure(collision.textContent)) {
      outbox.put(this.owner, { ...entry, sure: "1" });
      return;
    }
    const typed = this.text.value;
    this.show(typed ? `${entry.text}\n${typed}` : entry.text, Boolean(entry.note));
    this.#keepDraft();
    const said = fragment.querySelector("[data-errors]") ?? fragment;
    if (!collision) this.complain(said.textContent.trim());
  }

  #sure(words) {
    return new Promise((resolve) => {
      const dialog = openDialog(this, "collision");
      dialog.querySelector("[data-words]").textContent = words;
      dialog.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) dialog.close(button.value);
      });
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "send"));
    });
  }

  #onKey(event) {
    if (this.suggestions.onKey(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  #onClick(event) {
    const target = event.target;
    if (target.closest("[data-unquote]")) this.quote(null);
    else if (target.closest("[data-note-toggle]")) { this.#setNote(!this.isNote); this.#keepDraft(); this.text.focus(); }
    else if (target.closest("[data-emoji]")) pickEmoji(this, target.closest("[data-emoji]"), (emoji) => this.insert(emoji));
    else if (target.closest("[data-record]")) this.recorder.start();
    else if (target.closest("[data-plus-menu]")) this.#onPlus(target);
  }

  #onPlus(target) {
    const options = target.closest("[data-open-options]");
    if (!target.closest("[role=menuitem]")) return;
    this.querySelector("[data-plus-menu]").hidePopover();
    if (target.closest("[data-attach]")) pickFiles(this, target.closest("[data-attach]"));
    else if (options) buildOptions(this, options.dataset.openOptions);
    else if (target.closest("[data-open-later]")) scheduleFrom(this);
    else if (target.closest("[data-open-quick]")) { this.#setNote(false); this.write("/"); this.suggestions.look(); }
  }

  #setNote(isNote) {
    this.classList.toggle("is-note", isNote);
    this.querySelector("[data-note-toggle]").setAttribute("aria-pressed", isNote);
    this.querySelector("[data-note-words]").hidden = !isNote;
    this.text.placeholder = isNote ? this.text.dataset.notePlaceholder : this.text.dataset.placeholder;
    this.#enable();
  }

  #enable() {
    const disabled = this.isClosed && !this.isNote;
    this.text.disabled = this.querySelector(".composer__send").disabled = disabled;
    for (const name of ["[data-plus]", "[data-record]"]) this.querySelector(name).disabled = this.isClosed;
    if (this.busy) this.querySelector(".composer__send").disabled = true;
    this.#swap();
  }

  /** With nothing to send there is something to record, as on a phone. */
  #swap() {
    const isEmpty = !this.text.value && !this.isNote && (this.tray?.isEmpty ?? true);
    this.classList.toggle("is-empty", isEmpty);
  }

  #keepDraft() { this.drafts.keep(this.text.value, this.isNote); }

  /** By rows, not by a style attribute, which the page's policy forbids. */
  #fit() {
    this.text.rows = 1;
    const rows = Math.floor((this.text.scrollHeight - PADDING) / LINE);
    this.text.rows = Math.min(Math.max(rows, 1), MAX_ROWS);
    this.#count();
    this.#swap();
  }

  #count() {
    const length = [...this.text.value].length;
    const said = this.querySelector("[data-count]");
    said.hidden = length < COUNTED_FROM;
    const words = length > LIMIT ? this.dataset.over : this.dataset.left;
    said.textContent = said.hidden ? "" : words.replace("{n}", Math.abs(LIMIT - length));
    said.classList.toggle("is-over", length > LIMIT);
    this.querySelector(".composer__send").disabled = length > LIMIT || (this.isClosed && !this.isNote);
  }
}

customElements.define("wa-composer", Composer);
