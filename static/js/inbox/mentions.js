// Notes in which the agent was called: how many are new, and a list of them.

import { parse } from "../keyed.js";
import { BY_ITSELF, fetchHtml, soon } from "../net.js";
import { failed } from "./toast.js";

const REST_MS = 4000; // a busy company hints often

class Mentions extends HTMLElement {
  connectedCallback() {
    this.count = soon(() => this.#count(), REST_MS);
    document.addEventListener("wa:hint", this.count);
    this.addEventListener("click", (event) => { if (event.target.closest("[data-mentions]")) this.#open(); });
    this.#count().catch(() => {});
  }

  disconnectedCallback() { document.removeEventListener("wa:hint", this.count); }

  async #count() {
    const { html } = await fetchHtml(this.dataset.url, { headers: BY_ITSELF });
    this.querySelector("[data-mention-count]").innerHTML = html;
  }

  async #open() {
    let html;
    try { ({ html } = await fetchHtml(`${this.dataset.url}?lista=1`)); } catch { failed(() => this.#open()); return; }
    const dialog = document.createElement("dialog");
    dialog.className = "dialog small-dialog";
    dialog.setAttribute("aria-labelledby", "mentions-title");
    dialog.append(parse(html));
    document.getElementById("layer").append(dialog);
    dialog.addEventListener("close", () => { dialog.remove(); this.querySelector("button").focus(); });
    dialog.addEventListener("click", (event) => this.#onClick(event, dialog));
    dialog.showModal();
  }

  #onClick(event, dialog) {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    const link = event.target.closest("[data-mention]");
    if (link) this.#see(link.dataset.mention); // and the link is followed
    if (event.target.closest("[data-all-seen]")) { this.#see("").then(this.count); dialog.close(); }
  }

  async #see(mention) {
    const body = new FormData();
    if (mention) body.set("mencion", mention);
    const url = this.dataset.seenUrl;
    try { await fetchHtml(url, { method: "POST", body, keepalive: true }); } catch { if (!mention) failed(() => this.#see("")); }
  }
}

customElements.define("wa-mentions", Mentions);
