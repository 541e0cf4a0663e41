// The list of chats: a chat that changes rises; the open one is marked.

import { descending, merge, parse, remember } from "./keyed.js";
import { BY_ITSELF, fetchHtml, soon } from "./net.js";

const PLACE = "wa:list-place";

class ChatList extends HTMLElement {
  connectedCallback() {
    this.rows = this.querySelector("[data-rows]");
    remember(this.rows);
    this.refresh = soon(() => this.#refresh());
    document.addEventListener("wa:hint", this.refresh);
    document.addEventListener("htmx:pushedIntoHistory", () => this.#markOpen());
    document.body.addEventListener("htmx:afterSwap", () => remember(this.rows));
    this.scrollTop = Number(sessionStorage.getItem(PLACE)) || 0;
    addEventListener("pagehide", () => sessionStorage.setItem(PLACE, this.scrollTop));
    this.#countUnread();
  }

  async #refresh() {
    const open = document.getElementById("chat")?.dataset.chat ?? "";
    const { html } = await fetchHtml(`${this.dataset.url}?open=${open}`, { headers: BY_ITSELF });
    const rows = [...parse(html).querySelectorAll(".row")];
    const focused = document.activeElement?.closest(".row")?.id;
    this.#dropUnlisted(rows);
    for (const row of rows) merge(this.rows, row, descending);
    if (focused) document.getElementById(focused)?.querySelector("a").focus({ preventScroll: true });
    for (const row of rows) if (row.isConnected) htmx.process(row);
    this.querySelector("[data-empty]").hidden = this.rows.children.length > 0;
    this.#countUnread();
  }

  /** Rows that belong on the first page and are no longer there: the chat was given to others. */
  #dropUnlisted(rows) {
    const listed = new Set(rows.map((row) => row.id));
    const last = rows.at(-1)?.dataset.key ?? "";
    for (const row of [...this.rows.querySelectorAll(".row")]) {
      if (row.dataset.key >= last && !listed.has(row.id)) row.remove();
    }
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
