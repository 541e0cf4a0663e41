// A thread: opens at its end, loads older pages above, takes new messages without moving what is read.

import { ascending, merge, parse, remember } from "./keyed.js";
import { BY_ITSELF, fetchHtml, hint, soon } from "./net.js";

const REFRESHED = 30; // bubbles at the end whose ticks and reactions may still change
const NEAR = 80; // pixels from the end that count as "at the end"

class Thread extends HTMLElement {
  connectedCallback() {
    this.log = this.querySelector("[data-log]");
    this.jump = this.querySelector("[data-jump]");
    this.unseen = 0;
    this.stays = true; // at the end: it stays there when the pane changes its height
    remember(this.log);
    this.sizes = new ResizeObserver(() => { if (this.stays) this.toEnd(); });
    this.sizes.observe(this.log);
    this.refresh = soon(() => this.#refresh());
    this.onHint = (event) => {
      const chat = event.detail?.chat;
      if (!chat || String(chat) === this.chat) this.refresh();
    };
    this.onVisible = () => this.#markRead();
    document.addEventListener("wa:hint", this.onHint);
    document.addEventListener("visibilitychange", this.onVisible);
    this.log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.jump.addEventListener("click", () => this.toEnd());
    this.addEventListener("click", (event) => this.#followQuote(event));
    this.addEventListener("click", (event) => this.#sendAgain(event));
    this.#watchOlder();
    this.#markRead();
  }

  disconnectedCallback() {
    document.removeEventListener("wa:hint", this.onHint);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.observer?.disconnect();
    this.sizes.disconnect();
  }

  get chat() { return this.closest("#chat").dataset.chat; }
  get head() { return this.closest("#chat").querySelector("[data-head]"); }

  isAtEnd() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR; }

  #onScroll() {
    this.stays = this.isAtEnd();
    if (this.stays) this.#showJump(0);
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#showJump(0);
  }

  /** Merge a fragment of the server: bubbles, and the head when it brings one. */
  take(html) {
    const fragment = parse(html);
    const head = fragment.querySelector("[data-head-update]");
    head?.remove();
    const wasAtEnd = this.isAtEnd();
    let fresh = 0;
    this.#keepingPlace(() => {
      for (const node of [...fragment.children]) {
        const result = merge(this.log, node, ascending);
        if (result === "new" && node.matches(".bubble--in")) fresh += 1;
        if (result === "new" && node.matches(".bubble")) node.classList.add("is-new");
      }
    });
    if (wasAtEnd) this.toEnd();
    else this.#showJump(this.unseen + fresh);
    if (head) this.#takeHead(head.content.firstElementChild);
  }

  async #refresh() {
    const shown = [...this.log.querySelectorAll("[data-id]")].slice(-REFRESHED);
    const after = shown.length ? Math.min(...shown.map((node) => Number(node.dataset.id))) - 1 : 0;
    const { html } = await fetchHtml(`${this.dataset.url}?after=${after}`, { headers: BY_ITSELF });
    if (!this.isConnected) return;
    this.take(html);
    this.#markRead();
  }

  /** A head in use (a menu is open) stays until it is closed. */
  #takeHead(head) {
    const current = this.head;
    if (current.querySelector("details[open]") || current.outerHTML === head.outerHTML) return;
    current.replaceWith(head);
    htmx.process(head);
    this.closest("#chat").querySelector("wa-composer").setWindow(head.dataset.window);
  }

  #keepingPlace(change) {
    const top = this.log.getBoundingClientRect().top;
    const anchor = [...this.log.querySelectorAll("[data-id]")].find(
      (node) => node.getBoundingClientRect().bottom > top,
    );
    const id = anchor?.id;
    const before = anchor?.getBoundingClientRect().top;
    change();
    const after = id && document.getElementById(id)?.getBoundingClientRect().top;
    if (after !== undefined) this.log.scrollTop += after - before;
  }

  #watchOlder() {
    this.observer?.disconnect();
    const sentinel = document.getElementById("older");
    if (!sentinel) return;
    this.observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#loadOlder(sentinel);
    }, { root: this.log, rootMargin: "300px 0px 0px" });
    this.observer.observe(sentinel);
  }

  async #loadOlder(sentinel) {
    this.observer.disconnect();
    try {
      const { html } = await fetchHtml(`${this.dataset.url}?before=${sentinel.dataset.before}`);
      this.log.ariaLive = "off"; // what is old is not news to a screen reader
      this.#keepingPlace(() => {
        sentinel.remove();
        for (const node of [...parse(html).children]) merge(this.log, node, ascending);
      });
      setTimeout(() => { this.log.ariaLive = "polite"; }, 500);
      this.#watchOlder();
    } catch {
      setTimeout(() => this.isConnected && this.#watchOlder(), 3000);
    }
  }

  #showJump(count) {
    this.unseen = count;
    this.jump.hidden = count === 0;
    this.jump.querySelector("[data-jump-count]").textContent = count || "";
  }

  #followQuote(event) {
    const quote = event.target.closest("a.quote");
    if (!quote) return;
    event.preventDefault();
    const original = document.getElementById(quote.hash.slice(1));
    if (!original) return;
    original.scrollIntoView({ block: "center" });
    original.classList.add("is-found");
    setTimeout(() => original.classList.remove("is-found"), 1500);
  }

  /** The key is the failed try's: clicking twice sends once. */
  async #sendAgain(event) {
    const button = event.target.closest("[data-retry]");
    if (!button) return;
    button.disabled = true;
    const body = new FormData();
    body.set("key", button.dataset.key);
    const said = button.closest(".bubble").querySelector("[data-refusal]");
    try {
      const { html, refused } = await fetchHtml(button.dataset.retry, { method: "POST", body });
      if (!refused) { this.take(html); return; }
      said.textContent = parse(html).textContent.trim();
    } catch {
      said.textContent = this.dataset.lost;
    }
    said.hidden = false;
    button.disabled = false;
  }

  async #markRead() {
    if (document.hidden || !Number(this.head?.dataset.unread)) return;
    this.head.dataset.unread = 0;
    try {
      await fetchHtml(this.dataset.readUrl, { method: "POST", headers: BY_ITSELF });
      hint(this.chat);
    } catch { /* the badge stays until the next look */ }
  }
}

customElements.define("wa-thread", Thread);
