// "Ana está escribiendo": this page says where its agent is, and shows who else is in the chat.

import { BY_ITSELF, fetchHtml, soon } from "../net.js";

const BEAT_MS = 12000;
const STILL_MS = 6000; // without a key: typing no more
const FADES_MS = 16000; // what a colleague's page did not take back fades

class Presence extends HTMLElement {
  connectedCallback() {
    this.url = this.dataset.url;
    this.isTyping = false;
    this.look = soon(() => this.#look());
    this.onPresence = (event) => { if (String(event.detail?.chat) === this.dataset.chat) this.look(); };
    this.onVisible = () => (document.hidden ? this.#leave() : this.#beat());
    this.onLeave = () => this.#leave();
    this.onInput = (event) => {
      if (event.target.matches("#reply-text")) this.#typed(Boolean(event.target.value.trim()));
    };
    document.addEventListener("wa:presence", this.onPresence);
    document.addEventListener("wa:hint", this.onPresence);
    document.addEventListener("visibilitychange", this.onVisible);
    document.addEventListener("input", this.onInput);
    addEventListener("pagehide", this.onLeave);
    this.timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#beat();
  }

  disconnectedCallback() {
    document.removeEventListener("wa:presence", this.onPresence);
    document.removeEventListener("wa:hint", this.onPresence);
    document.removeEventListener("visibilitychange", this.onVisible);
    document.removeEventListener("input", this.onInput);
    removeEventListener("pagehide", this.onLeave);
    clearInterval(this.timer);
    clearTimeout(this.still);
    clearTimeout(this.fading);
    if (!document.querySelector("wa-presence")) this.#leave();
  }

  #typed(hasWords) {
    clearTimeout(this.still);
    if (hasWords) this.still = setTimeout(() => this.#typed(false), STILL_MS);
    if (hasWords === this.isTyping) return;
    this.isTyping = hasWords;
    this.#beat();
  }

  async #beat() {
    if (document.hidden) return;
    const body = new FormData();
    if (this.isTyping) body.set("escribe", "1");
    await this.#ask({ method: "POST", body, headers: BY_ITSELF });
  }

  #look() { return this.#ask({ headers: BY_ITSELF }); }

  async #ask(options) {
    try {
      const { html } = await fetchHtml(this.url, options);
      if (this.isConnected) this.#show(html);
    } catch { /* the next beat asks again */ }
  }

  #show(html) {
    clearTimeout(this.fading);
    if (html.trim()) this.fading = setTimeout(this.look, FADES_MS);
    if (html === this.shown) return;
    this.shown = html;
    this.innerHTML = html;
  }

  /** Also while the page closes. */
  #leave() {
    this.isTyping = false;
    const body = new FormData();
    body.set("sale", "1");
    fetchHtml(this.url, { method: "POST", body, headers: BY_ITSELF, keepalive: true }).catch(() => {});
  }
}

customElements.define("wa-presence", Presence);

/** With no chat on screen, or behind other pages: there to take new ones all the same. */
function atWork() {
  const url = document.querySelector("[data-at-work]")?.dataset.atWork;
  if (!url || (document.querySelector("wa-presence") && !document.hidden)) return;
  fetchHtml(url, { method: "POST", headers: BY_ITSELF }).catch(() => {});
}
atWork();
setInterval(atWork, BEAT_MS * 2);
