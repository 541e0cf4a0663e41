// What the box suggests while one writes: `/` at its start for quick replies, `@` in a note for
// colleagues. Arrows choose, Enter or a click takes, Esc lets go.

const MOST = 30;

export class Suggestions {
  /** `sources`: [{ find(before, box) -> {word, start} | null, items() -> Promise, label(item),
   *  detail(item), words(item), take(item, found) }] */
  constructor(box, list, sources, words) {
    Object.assign(this, { box, list, sources, words, items: [], at: 0 });
    box.addEventListener("input", () => this.look());
    box.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const chosen = event.target.closest("[role=option]");
      if (chosen) this.#take(Number(chosen.dataset.at));
    });
  }

  get isOpen() { return !this.list.hidden; }

  async look() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    for (const source of this.sources) {
      const found = source.find(before);
      if (!found) continue;
      const all = await source.items();
      if (this.box.value.slice(0, this.box.selectionStart) !== before) return; // typed on meanwhile
      this.#show(source, found, all);
      return;
    }
    this.hide();
  }

  #show(source, found, all) {
    const wanted = plain(found.word);
    this.source = source;
    this.found = found;
    this.items = all.filter((item) => plain(source.words(item)).includes(wanted)).slice(0, MOST);
    this.at = 0;
    this.list.replaceChildren(...this.items.map((item, at) => this.#option(item, at)));
    if (!this.items.length) this.list.append(this.#nothing(all.length ? this.words.none : source.empty));
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  #option(item, at) {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `${this.list.id}-${at}`;
    option.dataset.at = at;
    const name = document.createElement("strong");
    name.textContent = this.source.label(item);
    const detail = document.createElement("span");
    detail.textContent = this.source.detail(item);
    option.append(name, detail);
    return option;
  }

  #nothing(text) {
    const line = document.createElement("li");
    line.className = "suggest__none";
    line.textContent = text;
    return line;
  }

  #mark() {
    for (const option of this.list.querySelectorAll("[role=option]")) {
      const isAt = Number(option.dataset.at) === this.at;
      option.setAttribute("aria-selected", isAt);
      if (isAt) { option.scrollIntoView({ block: "nearest" }); this.box.setAttribute("aria-activedescendant", option.id); }
    }
  }

  hide() {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  /** Whether the key was for the suggestions. */
  onKey(event) {
    if (!this.isOpen) return false;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && this.items.length) {
      this.at = (this.at + moves[event.key] + this.items.length) % this.items.length;
      this.#mark();
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.items.length) {
      this.#take(this.at);
    } else if (event.key === "Escape") {
      this.hide();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #take(at) {
    this.hide();
    this.source.take(this.items[at], this.found);
  }
}

export function plain(text) { return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase(); }
