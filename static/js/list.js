// The list of chats: a chat that changes rises; the open one is marked; what is under the pointer
// stays there. Rows come by pages, and those far above the end of a long scroll leave again.

import { ascending, descending, merge, parse, remember } from "./keyed.js";
import { BY_ITSELF, fetchHtml, soon } from "./net.js";
import { failed } from "./inbox/toast.js";

const PLACE = "wa:list-place";
const KEPT_ROWS = 200; // once the person is back at the top

class ChatList extends HTMLElement {
  connectedCallback() {
    this.rows = this.querySelector("[data-rows]");
    this.form = document.querySelector("[data-filters]");
    this.turn = 0; // of the filters: what was asked in an earlier one comes too late
    remember(this.rows);
    this.refresh = soon(() => this.#refresh());
    document.addEventListener("wa:hint", this.refresh);
    document.addEventListener("htmx:pushedIntoHistory", () => this.#markOpen());
    document.body.addEventListener("htmx:afterSwap", () => remember(this.rows));
    this.addEventListener("htmx:responseError", () => failed(() => this.ask()));
    this.addEventListener("pointerleave", () => { this.rows.style.minHeight = ""; });
    document.addEventListener("wa:filters", () => this.ask());
    this.scrollTop = Number(sessionStorage.getItem(PLACE)) || 0;
    addEventListener("pagehide", () => sessionStorage.setItem(PLACE, this.scrollTop));
    this.#countUnread();
  }

  get query() {
    const chosen = new URLSearchParams(new FormData(this.form));
    for (const [name, value] of [...chosen]) if (!value) chosen.delete(name);
    chosen.set("open", document.getElementById("chat")?.dataset.chat ?? "");
    return chosen;
  }

  /** Other filters: the list anew, from its top. */
  async ask() {
    this.ariaBusy = "true";
    const turn = ++this.turn;
    try {
      const { html } = await fetchHtml(`${this.dataset.url}?${this.query}`);
      if (turn !== this.turn) return;
      const fragment = this.#takeParts(parse(html));
      this.rows.replaceChildren(...fragment.children);
      remember(this.rows);
      htmx.process(this.rows);
      this.scrollTop = 0;
      this.#afterChange();
    } catch {
      if (turn === this.turn) failed(() => this.ask());
    }
    this.ariaBusy = null;
  }

  async #refresh() {
    const turn = this.turn;
    const { html } = await fetchHtml(`${this.dataset.url}?${this.query}`, { headers: BY_ITSELF });
    if (turn !== this.turn) return; // other filters were chosen meanwhile: these rows are of the old ones
    const fragment = this.#takeParts(parse(html));
    const rows = [...fragment.querySelectorAll(".row")];
    const focused = document.activeElement?.closest(".row")?.id;
    this.#keepingPlace(() => {
      this.#dropUnlisted(rows, !fragment.querySelector(".rows__more"));
      for (const row of rows) merge(this.rows, row, descending);
      this.#trim();
    });
    if (focused) document.getElementById(focused)?.querySelector("a").focus({ preventScroll: true });
    for (const row of rows) if (row.isConnected) htmx.process(row);
    this.#afterChange();
  }

  #afterChange() {
    this.querySelector("[data-empty]").hidden = this.rows.querySelector(".row") !== null;
    this.#countUnread();
    document.dispatchEvent(new CustomEvent("wa:rows"));
  }

  /** Counts, chips and the words of an empty list stand outside the rows. */
  #takeParts(fragment) {
    const counts = fragment.querySelector("[data-counts]");
    for (const count of counts?.content.querySelectorAll("[data-count]") ?? []) {
      this.form.querySelector(`[data-count="${count.dataset.count}"]`).textContent = count.textContent;
    }
    const chips = fragment.querySelector("[data-chips-update]");
    if (chips) document.querySelector("[data-chips]").replaceChildren(chips.content);
    const empty = fragment.querySelector("[data-empty-update]");
    if (empty) this.querySelector("[data-empty]").replaceChildren(empty.content);
    for (const part of fragment.querySelectorAll("template")) part.remove();
    return fragment;
  }

  /** The row under the pointer, else the first one seen of a list that was scrolled. */
  #anchor() {
    const hovered = this.rows.querySelector(".row:hover");
    if (hovered || this.scrollTop === 0) return hovered;
    const top = this.getBoundingClientRect().top;
    return [...this.rows.children].find((row) => row.getBoundingClientRect().bottom > top) ?? null;
  }

  #keepingPlace(change) {
    const anchor = this.#anchor();
    const before = anchor?.getBoundingClientRect().top;
    change();
    const now = anchor && document.getElementById(anchor.id);
    if (!now) return;
    const moved = now.getBoundingClientRect().top - before;
    const needed = this.scrollTop + moved + this.clientHeight; // a short list gets room to scroll
    if (moved > 0 && this.scrollHeight < needed) this.rows.style.minHeight = `${needed}px`;
    this.scrollTop += moved;
  }

  /** Rows that belong on the first page and are no longer there: the chat was given to others. */
  #dropUnlisted(rows, isAll) {
    const listed = new Set(rows.map((row) => row.id));
    const last = isAll ? "" : rows.at(-1)?.dataset.key ?? "";
    for (const row of [...this.rows.querySelectorAll(".row")]) {
      if (ascending(row.dataset.key, last) >= 0 && !listed.has(row.id)) row.remove();
    }
    if (isAll) this.rows.querySelector(".rows__more")?.remove();
  }

  /** At the top of a list that has grown long: the rows far below go, and can be scrolled to again. */
  #trim() {
    const rows = this.rows.querySelectorAll(".row");
    if (this.scrollTop > this.clientHeight || rows.length <= KEPT_ROWS) return;
    for (const row of [...rows].slice(KEPT_ROWS)) row.remove();
    this.rows.querySelector(".rows__more")?.remove();
    const more = document.createElement("li");
    more.className = "rows__more";
    const query = this.query;
    query.set("before", rows[KEPT_ROWS - 1].dataset.cursor);
    for (const [name, value] of [["hx-get", `${this.dataset.url}?${query}`], ["hx-trigger", "intersect once"], ["hx-swap", "outerHTML"]]) {
      more.setAttribute(name, value);
    }
    this.rows.append(more);
    htmx.process(more);
  }

  #markOpen() {
    const open = document.getElementById("chat")?.dataset.chat;
    for (const link of this.rows.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
    document.querySelector(`#chat-${open} a`)?.setAttribute("aria-current", "page");
  }

  #countUnread() {
    const count = this.rows.querySelectorAll(".badge").length;
    document.title = count ? `(${count}) whapco` : "whapco";
  }
}

customElements.define("wa-list", ChatList);
