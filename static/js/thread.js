// A thread: opens at what is unread or at its end, loads pages above and below, takes new messages
// without moving what is read. Opened in the middle it is *apart*: what is new is only counted.

import { ascending, merge, parse, remember } from "./keyed.js";
import { BY_ITSELF, fetchHtml, hint, soon } from "./net.js";
import { markWords } from "./inbox/marks.js";
import { morph } from "./inbox/morph.js";
import { toast } from "./inbox/toast.js";

const REFRESHED = 30; // bubbles at the end that are asked about again
const MOST_SHOWN = 90; // and of those on screen
const NEAR = 80; // pixels from the end that count as "at the end"
const IDS_APART = 50; // a row with a lower id may be stored a moment later

class Thread extends HTMLElement {
  connectedCallback() {
    this.log = this.querySelector("[data-log]");
    this.jump = this.querySelector("[data-jump]");
    this.unseen = 0;
    this.beyond = new Set(); // ids of new messages that the page on screen does not reach
    remember(this.log);
    this.refresh = soon(() => this.#refresh());
    this.onHint = (event) => {
      const chat = event.detail?.chat;
      if (!chat || String(chat) === this.chat) this.refresh();
    };
    this.onVisible = () => this.#markRead();
    this.onJump = (event) => {
      if (String(event.detail.chat) === this.chat) this.jumpTo(event.detail.message);
    };
    document.addEventListener("wa:hint", this.onHint);
    document.addEventListener("wa:jump", this.onJump);
    document.addEventListener("visibilitychange", this.onVisible);
    this.log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.jump.addEventListener("click", () => this.toEnd());
    this.addEventListener("click", (event) => this.#onClick(event));
    this.stays = false;
    this.sizes = new ResizeObserver(() => {
      if (!this.log.clientHeight) return; // it has no place on screen yet
      if (!this.isOpened) this.#open();
      else if (this.stays) this.#scrollToEnd();
    });
    this.sizes.observe(this.log);
    this.#watchEnds();
    this.#markRead();
    markWords(this.log, this.dataset.marked);
    if ("missing" in this.dataset) toast(this.dataset.missing);
  }

  disconnectedCallback() {
    document.removeEventListener("wa:hint", this.onHint);
    document.removeEventListener("wa:jump", this.onJump);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.observer?.disconnect();
    this.sizes.disconnect();
  }

  get chat() { return this.closest("#chat").dataset.chat; }
  get head() { return this.closest("#chat").querySelector("[data-head]"); }
  get bubbles() { return [...this.log.querySelectorAll("[data-id]")]; }
  get isApart() { return this.log.lastElementChild?.id === "newer"; }

  isAtEnd() { return !this.isApart && this.#distance() < NEAR; }

  #distance() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight; }

  #open() {
    this.isOpened = true;
    const start = this.log.querySelector("[data-start]");
    if (start?.dataset.start === "found") this.#flash(start);
    else if (start) this.log.scrollTop += this.#topOf(start) - 60;
    else this.#scrollToEnd();
    this.#onScroll();
  }

  #topOf(node) { return node.getBoundingClientRect().top - this.log.getBoundingClientRect().top; }

  #onScroll() {
    this.stays = this.isAtEnd(); // at the end: it stays there when the pane changes its height
    this.#showJump(this.stays ? 0 : this.unseen);
  }

  #scrollToEnd() { this.log.scrollTop = this.log.scrollHeight; }

  /** The last message, also where the page on screen is another one. */
  async toEnd() {
    if (this.isApart) {
      const { html } = await this.#get("");
      this.#replaceAll(html);
    }
    this.#scrollToEnd();
    this.stays = true;
    this.#showJump(0);
  }

  /** Show message `id` in the middle, marked for a moment; its page is loaded if it is not here. */
  async jumpTo(id) {
    if (!document.getElementById(`m${id}`)) {
      const { html } = await this.#get(`around=${id}`);
      if (!parse(html).getElementById(`m${id}`)) { toast(this.dataset.gone); return; }
      this.#replaceAll(html);
    }
    this.#flash(document.getElementById(`m${id}`));
  }

  #flash(node) {
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.add("is-found");
    setTimeout(() => node.classList.remove("is-found"), 2000);
  }

  #get(query, options) { return fetchHtml(`${this.dataset.url}?${query}`, options); }

  /** Merge a fragment of the server: bubbles, and the head when it brings one. */
  take(html) {
    const { nodes, head } = split(html);
    const wasAtEnd = this.isAtEnd();
    let fresh = 0;
    this.#keepingPlace(() => {
      const last = this.isApart ? this.bubbles.at(-1).dataset.key : null;
      for (const node of nodes) {
        if (last !== null && node.dataset.key > last) this.#countBeyond(node);
        else fresh += this.#merge(node);
      }
    });
    if (wasAtEnd) this.toEnd();
    else this.#showJump(this.isApart ? this.beyond.size : this.unseen + fresh);
    if (head) this.#takeHead(head);
  }

  /** Returns how many messages of the contact it brought. A bubble drawn before the one on screen
   *  came further is left out: a tick never goes back. */
  #merge(node) {
    const known = document.getElementById(node.id);
    const sameTry = known?.dataset.try === node.dataset.try;
    if (known && sameTry && Number(known.dataset.rank) > Number(node.dataset.rank)) return 0;
    const result = merge(this.log, node, ascending, morph);
    if (result !== "new" || !node.matches(".bubble")) return 0;
    node.classList.add("is-new");
    if (node.matches(".bubble--out.by-agent")) document.getElementById("unread")?.remove();
    return node.matches(".bubble--in") ? 1 : 0;
  }

  #countBeyond(node) {
    const isNews = Number(node.dataset.id) > Number(this.dataset.last);
    if (node.matches(".bubble--in") && isNews) this.beyond.add(node.id);
  }

  async #refresh() {
    const { html } = await this.#get(this.#news(), { headers: BY_ITSELF });
    if (!this.isConnected) return;
    this.take(html);
    this.#markRead();
  }

  /** What is to be asked: all after a message, and how those on screen are now. */
  #news() {
    const ids = this.bubbles.map((node) => Number(node.dataset.id));
    const recent = ids.toSorted((a, b) => b - a).slice(0, REFRESHED);
    const least = recent.length ? Math.min(...recent) - 1 : 0;
    const after = this.isApart ? Math.max(Number(this.dataset.last) - IDS_APART, 0) : least;
    const shown = this.#onScreen().map((node) => node.dataset.id).filter((id) => Number(id) <= after);
    return new URLSearchParams({ after, shown: shown.slice(0, MOST_SHOWN).join() });
  }

  #onScreen() {
    const { top, bottom } = this.log.getBoundingClientRect();
    const all = this.bubbles;
    const first = all.findIndex((node) => node.getBoundingClientRect().bottom > top);
    const rest = all.slice(Math.max(first, 0));
    const end = rest.findIndex((node) => node.getBoundingClientRect().top > bottom);
    return end < 0 ? rest : rest.slice(0, end);
  }

  /** A head in use (a menu is open) stays until it is closed. */
  #takeHead(head) {
    const current = this.head;
    if (current.querySelector("details[open]") || current.outerHTML === head.outerHTML) return;
    const focused = document.activeElement?.closest("[data-work-menu]")?.dataset.workMenu;
    current.replaceWith(head);
    htmx.process(head);
    if (focused) head.querySelector(`[data-work-menu="${focused}"] summary`).focus({ preventScroll: true });
    this.closest("#chat").querySelector("wa-composer").setWindow(head.dataset.window);
  }

  #keepingPlace(change) {
    const top = this.log.getBoundingClientRect().top;
    const anchor = this.bubbles.find((node) => node.getBoundingClientRect().bottom > top);
    const id = anchor?.id;
    const before = anchor?.getBoundingClientRect().top;
    change();
    const after = id && document.getElementById(id)?.getBoundingClientRect().top;
    if (after !== undefined) this.log.scrollTop += after - before;
  }

  #replaceAll(html) {
    this.#silently(() => {
      this.log.replaceChildren(...split(html).nodes);
      remember(this.log);
    });
    if (!this.isApart) this.beyond.clear();
    this.#watchEnds();
  }

  /** What is old is not news to a screen reader. */
  #silently(change) {
    this.log.ariaLive = "off";
    change();
    setTimeout(() => { this.log.ariaLive = "polite"; }, 500);
  }

  #watchEnds() {
    this.observer?.disconnect();
    const ends = [...this.log.querySelectorAll("#older, #newer")];
    if (!ends.length) return;
    this.observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) this.#load(target);
    }, { root: this.log, rootMargin: "300px 0px" });
    ends.forEach((end) => this.observer.observe(end));
  }

  async #load(end) {
    this.observer.disconnect();
    const { before, from } = end.dataset;
    try {
      const { html } = await this.#get(before ? `before=${before}` : `from=${from}`);
      if (!end.isConnected) return;
      this.#silently(() => this.#keepingPlace(() => {
        end.remove();
        for (const node of split(html).nodes) this.#place(node);
      }));
      if (!this.isApart) this.beyond.clear();
      markWords(this.log, this.dataset.marked);
      this.#onScroll();
      this.#watchEnds();
    } catch {
      setTimeout(() => this.isConnected && this.#watchEnds(), 3000);
    }
  }

  #place(node) {
    if (node.id === "newer") this.log.append(node);
    else merge(this.log, node, ascending, morph);
  }

  #showJump(count) {
    this.unseen = count;
    this.jump.hidden = count === 0 && !this.isApart && this.#distance() < this.log.clientHeight / 2;
    this.jump.querySelector("[data-jump-count]").textContent = count || "";
    this.jump.querySelector("[data-jump-news]").hidden = count === 0;
  }

  #onClick(event) {
    const quote = event.target.closest("a.quote");
    if (quote) {
      event.preventDefault();
      this.jumpTo(quote.hash.slice(2)).catch(() => toast(this.dataset.lost));
    }
    const retry = event.target.closest("[data-retry]");
    if (retry) this.#sendAgain(retry);
  }

  /** The key is the failed try's: clicking twice sends once. */
  async #sendAgain(button) {
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

/** The bubbles of a fragment, and the chat's head where it brings one. */
function split(html) {
  const fragment = parse(html);
  const update = fragment.querySelector("[data-head-update]");
  update?.remove();
  return { nodes: [...fragment.children], head: update?.content.firstElementChild };
}

customElements.define("wa-thread", Thread);
