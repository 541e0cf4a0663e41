// The line between two panes: dragged, or moved with the arrows; a double click gives back its place.

const KEPT = "wa:widths";
const LIMITS = { side: [260, 560], pane: [280, 520] };
const STEP = 24;

class Splitter extends HTMLElement {
  connectedCallback() {
    this.addEventListener("pointerdown", (event) => this.#drag(event));
    this.addEventListener("dblclick", () => this.#set(null));
    this.addEventListener("keydown", (event) => this.#press(event));
    this.addEventListener("focus", () => this.#tell(this.#width));
  }

  get name() { return this.dataset.of; }
  get #width() { return Math.round(document.getElementById(this.name).getBoundingClientRect().width); }
  get #outward() { return this.name === "side" ? 1 : -1; } // the pane grows to the left

  #drag(event) {
    if (event.button !== 0) return;
    const [from, width] = [event.clientX, this.#width];
    const move = (moved) => this.#set(width + (moved.clientX - from) * this.#outward);
    this.setPointerCapture(event.pointerId);
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", () => this.removeEventListener("pointermove", move), { once: true });
  }

  #press(event) {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#set(this.#width + step * this.#outward);
  }

  #set(width) {
    const [least, most] = LIMITS[this.name];
    const fitting = width === null ? null : Math.min(most, Math.max(least, Math.round(width)));
    const { style } = document.documentElement;
    if (fitting === null) style.removeProperty(`--wa-${this.name}-width`);
    else style.setProperty(`--wa-${this.name}-width`, `${fitting}px`);
    keep(this.name, fitting);
    this.#tell(this.#width);
  }

  #tell(width) {
    [this.ariaValueMin, this.ariaValueMax] = LIMITS[this.name].map(String);
    this.ariaValueNow = String(width);
  }
}

function keep(name, width) {
  try {
    const widths = JSON.parse(localStorage.getItem(KEPT)) || {};
    localStorage.setItem(KEPT, JSON.stringify({ ...widths, [name]: width }));
  } catch { /* private mode: for now */ }
}

customElements.define("wa-splitter", Splitter);
