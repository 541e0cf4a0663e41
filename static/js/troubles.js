// What holds the company's sending up: the red banners, as they are now.

import { parse } from "./keyed.js";
import { BY_ITSELF, fetchHtml, soon } from "./net.js";

class Troubles extends HTMLElement {
  connectedCallback() {
    const refresh = soon(() => this.#refresh());
    this.onCompany = refresh;
    this.onHint = (event) => { if (!event.detail?.chat) refresh(); };
    document.addEventListener("wa:company", this.onCompany);
    document.addEventListener("wa:hint", this.onHint);
  }

  disconnectedCallback() {
    document.removeEventListener("wa:company", this.onCompany);
    document.removeEventListener("wa:hint", this.onHint);
  }

  /** The same words again are left alone: a screen reader would tell them again. */
  async #refresh() {
    const { html } = await fetchHtml(this.dataset.url, { headers: BY_ITSELF });
    const fresh = parse(html);
    if (this.isConnected && fresh.textContent.trim() !== this.textContent.trim()) {
      this.replaceChildren(fresh);
    }
  }
}

customElements.define("wa-troubles", Troubles);
