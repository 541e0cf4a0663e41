// Files on their way: chosen, dropped, pasted or recorded; uploaded while one writes, sent together.
// The tray belongs to its chat: another chat never gets its files, and it is there on coming back.

import { csrfToken } from "../csrf.js";
import { parse } from "../keyed.js";
import { fetchHtml } from "../net.js";
import { newKey } from "./keys.js";

const MEGA = 1024 * 1024;
const WITH_CAPTION = ["image", "video", "document"];
const trays = new Map(); // by chat: [{ key, file, voice, caption, state, sent, uploaded, error, canScale }]

export class Tray {
  constructor(composer) {
    this.composer = composer;
    this.box = composer.querySelector("[data-tray]");
    this.name = `${composer.dataset.owner}:${composer.dataset.chat}`;
    if (!trays.has(this.name)) trays.set(this.name, []);
    this.box.addEventListener("click", (event) => this.#onClick(event));
    this.box.addEventListener("input", (event) => this.#onInput(event));
    this.#draw();
  }

  get items() { return trays.get(this.name); }
  get isEmpty() { return this.items.length === 0; }

  add(files, { voice = false } = {}) {
    for (const file of files) {
      const item = { key: newKey(), file, voice, caption: "", state: "waiting", sent: 0, error: this.#refusal(file, voice) };
      if (item.error) item.state = "refused";
      this.items.push(item);
      if (!item.error) this.#upload(item);
    }
    this.#draw();
  }

  /** Meta's limits are told before a byte leaves; the server looks into the bytes themselves. */
  #refusal(file, voice) {
    const { limits, wordsBig, wordsHeic, wordsEmpty } = this.composer.dataset;
    if (/heic|heif/i.test(file.type) || /\.hei[cf]$/i.test(file.name)) return wordsHeic;
    if (!file.size) return wordsEmpty.replace("{name}", file.name);
    const kind = kindOf(file.type);
    if (voice || kind === "image") return ""; // made to fit
    const limit = JSON.parse(limits)[kind];
    if (file.size <= limit) return "";
    const words = { name: file.name, size: (file.size / MEGA).toFixed(1).replace(".", ","), limit: limit / MEGA };
    return wordsBig.replace(/\{(\w+)\}/g, (_, name) => words[name]);
  }

  #upload(item, { scale = false } = {}) {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.set("file", item.file, item.file.name);
    if (item.voice) body.set("voz", "1");
    if (scale) body.set("scale", "1");
    Object.assign(item, { state: "uploading", request, sent: 0, error: "", canScale: false });
    item.done = new Promise((resolve) => {
      request.addEventListener("loadend", () => { this.#answered(item, request); resolve(); });
    });
    request.upload.addEventListener("progress", (event) => { item.sent = event.loaded / event.total; this.#progress(item); });
    request.open("POST", this.composer.dataset.uploadUrl);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.responseType = "json";
    request.send(body);
  }

  #answered(item, request) {
    if (!this.items.includes(item)) return; // taken out meanwhile
    const answer = request.response ?? {};
    if (request.status === 200) Object.assign(item, { state: "ready", uploaded: answer });
    else if (request.status === 422) Object.assign(item, { state: "refused", error: answer.error, canScale: answer.can_scale });
    else Object.assign(item, { state: "lost", error: this.composer.dataset.lost });
    this.#draw();
  }

  /** Queue all of them; resolves to whether they are. The box's words go with the first. */
  async send(text, quote) {
    const bad = this.items.find((item) => ["refused", "lost"].includes(item.state));
    if (bad) { this.composer.complain(bad.error); return false; }
    await Promise.all(this.items.map((item) => item.done));
    if (this.items.some((item) => item.state !== "ready")) return false;
    const items = [...this.items];
    const first = items[0];
    const carries = text && WITH_CAPTION.includes(first.uploaded.kind) && !first.caption;
    const body = new FormData();
    this.sendKey ??= newKey(); // of this tray: a second try of the same files sends nothing twice
    body.set("key", this.sendKey);
    body.set("quote", quote);
    for (const item of items) {
      body.append("file", item.uploaded.id);
      body.set(`caption-${item.uploaded.id}`, item === first && carries ? text : item.caption);
      if (item.voice) body.set(`voz-${item.uploaded.id}`, "1");
    }
    try {
      const { html, refused } = await fetchHtml(this.composer.dataset.filesUrl, { method: "POST", body });
      if (refused) { this.composer.complain(parse(html).textContent.trim()); return false; }
      this.sendKey = null;
      trays.set(this.name, this.items.filter((item) => !items.includes(item)));
      this.#draw();
      this.composer.took(html, false);
      return carries ? "with words" : true;
    } catch {
      this.composer.complain(this.composer.dataset.lost);
      return false;
    }
  }

  #onClick(event) {
    const line = event.target.closest("[data-item]");
    const act = event.target.closest("[data-do]")?.dataset.do;
    const item = this.items.find((one) => one.key === line?.dataset.item);
    if (!act || !item) return;
    const at = this.items.indexOf(item);
    if (act === "remove") { this.items.splice(at, 1); item.request?.abort(); }
    else if (act === "again") this.#upload(item);
    else if (act === "scale") this.#upload(item, { scale: true });
    else if (act === "up" && at) this.items.splice(at - 1, 0, this.items.splice(at, 1)[0]);
    else if (act === "down") this.items.splice(at + 1, 0, this.items.splice(at, 1)[0]);
    this.#draw();
    this.box.querySelector(`[data-item="${item.key}"] [data-do="${act}"]`)?.focus();
  }

  #onInput(event) {
    const item = this.items.find((one) => one.key === event.target.closest("[data-item]")?.dataset.item);
    if (item) item.caption = event.target.value;
  }

  #progress(item) {
    const bar = this.box.querySelector(`[data-item="${item.key}"] progress`);
    if (bar) bar.value = item.sent;
  }

  #draw() {
    for (const image of this.box.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.box.hidden = this.isEmpty;
    this.box.replaceChildren(...this.items.map((item, at) => this.#line(item, at)));
    this.composer.dispatchEvent(new CustomEvent("wa:tray"));
  }

  #line(item, at) {
    const words = this.composer.dataset;
    const name = item.voice ? words.wordsVoice : item.file.name;
    const line = element("div", { className: "tray__item" });
    line.dataset.item = item.key;
    line.append(thumb(item), this.#middle(item, name));
    const act = (what, sign, label) => {
      const button = element("button", { type: "button", className: "tool", textContent: sign });
      button.dataset.do = what;
      button.setAttribute("aria-label", label.replace("{name}", name));
      line.append(button);
    };
    if (at) act("up", "↑", words.wordsUp);
    if (at < this.items.length - 1) act("down", "↓", words.wordsDown);
    act("remove", "×", words.wordsRemove);
    return line;
  }

  #middle(item, name) {
    const words = this.composer.dataset;
    const middle = element("div", { className: "tray__middle" });
    middle.append(element("p", { className: "tray__name", textContent: `${name} · ${(item.file.size / MEGA).toFixed(1).replace(".", ",")} MB` }));
    if (item.state === "uploading") middle.append(element("progress", { max: 1, value: item.sent }));
    if (item.error) middle.append(element("p", { className: "field__error", role: "alert", textContent: item.error }));
    const again = { lost: ["again", words.wordsAgain], refused: item.canScale && ["scale", words.wordsScale] }[item.state];
    if (again) {
      const button = element("button", { type: "button", className: "button button--quiet", textContent: again[1] });
      [button.dataset.do] = again;
      middle.append(button);
    }
    if (!item.voice && kindOf(item.file.type) !== "audio" && item.state !== "refused") {
      const input = element("input", { value: item.caption, maxLength: 1024, placeholder: words.wordsCaption.replace("{name}", name) });
      input.setAttribute("aria-label", input.placeholder);
      middle.append(input);
    }
    return middle;
  }
}

function thumb(item) {
  if (item.file.type.startsWith("image/")) return element("img", { className: "tray__thumb", src: URL.createObjectURL(item.file), alt: "" });
  return element("span", { className: "tray__thumb", textContent: item.voice ? "🎤" : "📄", ariaHidden: "true" });
}

function element(name, values) { return Object.assign(document.createElement(name), values); }

function kindOf(type) {
  const [family] = type.split("/");
  return ["image", "video", "audio"].includes(family) ? family : "document";
}
