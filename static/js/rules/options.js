// The options of a rule as rows that people fill in. The JSON of the textarea is the one truth: rows
// write into the very objects it was read from, so that what they do not know stays where it was.

import { count, countAll } from "./counters.js";

const KINDS = ["boton", "lista", "flow"];
const LONG_NUMBER = /(^|[\s,:[])-?\d[\d.]{15,}|\d[eE][+-]?\d/; // would lose digits in a script

/** Rows for the `textarea` in `root`. `kindOf()` tells the kind chosen now. Returns `show()`, to be
 *  called when the kind changes. */
export function editOptions(root, kindOf) {
  const textarea = root.querySelector("textarea");
  const panels = { rows: root.querySelector("[data-panel=rows]"), json: root.querySelector("[data-panel=json]") };
  const tabs = [...root.querySelectorAll("[data-tab]")];
  const note = root.querySelector("[data-note]");
  const made = new WeakSet(); // choices that this page made: their id follows their title
  const texts = {}; // what each kind's options were when another kind was chosen
  let kind = kindOf();
  let value = null;
  let tab = "rows";

  const part = (name) => root.querySelector(`template[data-part=${name}]`).content.cloneNode(true);
  const say = (name) => root.querySelector(`template[data-say=${name}]`)?.innerHTML ?? "";

  function write() {
    textarea.value = JSON.stringify(value, null, 2);
    textarea.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: "rows" }));
  }

  function choose(name) {
    tab = name;
    for (const each of tabs) {
      const chosen = each.dataset.tab === name;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
    }
    panels.rows.hidden = name !== "rows";
    panels.json.hidden = name !== "json";
    if (name === "rows") draw();
    else note.hidden = true;
  }

  function draw() {
    panels.rows.replaceChildren();
    const problem = read();
    note.hidden = !problem;
    note.textContent = problem ? say(problem) : "";
    if (problem || !KINDS.includes(kind)) return;
    panels.rows.append(part(kind));
    ({ boton: drawButtons, lista: drawMenu, flow: drawFlow })[kind]();
    countAll(panels.rows);
  }

  /** What is in the way of rows, if anything. */
  function read() {
    const text = textarea.value.trim();
    try {
      value = text ? JSON.parse(text) : null;
    } catch {
      return "broken";
    }
    if (LONG_NUMBER.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '""'))) return "unknown";
    return isKnown(kind, value) ? "" : "unknown";
  }

  // Buttons -------------------------------------------------------------------------------------

  function drawButtons() {
    value ??= [newButton()];
    drawAround(() => { if (Array.isArray(value)) value = { buttons: value }; });
    const list = () => (Array.isArray(value) ? value : (value.buttons ??= []));
    drawList(panels.rows, "choices", list, Number(root.dataset.maxButtons), newButton, (item) => {
      const inner = item.reply ?? item;
      return drawChoice(item, inner, list, { row: false });
    });
  }

  function newButton() {
    const item = { type: "reply", reply: { id: "", title: "" } };
    made.add(item);
    return item;
  }

  // List menus ----------------------------------------------------------------------------------

  function drawMenu() {
    value ??= { sections: [newSection()] };
    drawAround(() => { if (Array.isArray(value)) value = { sections: value }; });
    const sections = () => (Array.isArray(value) ? value : (value.sections ??= []));
    const rows = () => sections().flatMap((section) => section.rows ?? []);
    const free = () => Number(root.dataset.maxRows) - rows().length;
    drawList(panels.rows, "sections", sections, Number(root.dataset.maxSections), newSection, (section) => {
      const box = part("section").firstElementChild;
      bind(box.querySelector("[data-key=title]"), section, "title");
      const list = () => (section.rows ??= []);
      drawList(box, "rows", list, () => list().length + free(), newRow, (row) => drawChoice(row, row, rows, { row: true }));
      return box;
    });
  }

  function newSection() { return { title: "", rows: [newRow()] }; }

  function newRow() {
    const row = { id: "", title: "" };
    made.add(row);
    return row;
  }

  // Forms ---------------------------------------------------------------------------------------

  function drawFlow() {
    value ??= {};
    drawAround(() => {});
  }

  // Parts ---------------------------------------------------------------------------------------

  /** The boxes around: header, footer and so on. `open` turns a bare list into an object first. */
  function drawAround(open) {
    for (const input of panels.rows.querySelectorAll("[data-key]")) {
      if (!Array.isArray(value)) input.value = shown(value[input.dataset.key]);
      input.addEventListener("input", () => {
        open();
        set(value, input.dataset.key, input.value, true);
        write();
        drawLimits();
      });
    }
  }

  function drawList(box, name, list, most, make, drawItem) {
    const place = box.querySelector(`[data-list=${name}]`);
    const add = box.querySelector(`[data-add=${name}]`);
    const limit = typeof most === "function" ? most : () => most;
    const redraw = () => {
      place.replaceChildren(...list().map((item, at) => {
        const row = drawItem(item);
        const change = (edit, focus) => {
          edit();
          write();
          redraw();
          drawLimits();
          (place.children[Math.min(focus, place.children.length - 1)]?.querySelector("input") ?? add).focus();
        };
        const own = (selector) => [...row.querySelectorAll(selector)].find((each) => each.closest(".opt-row, .opt-section") === row);
        own("[data-remove]")?.addEventListener("click", () => change(() => list().splice(at, 1), at));
        own("[data-up]")?.addEventListener("click", () => change(() => swap(list(), at, at - 1), Math.max(at - 1, 0)));
        own("[data-down]")?.addEventListener("click", () => change(() => swap(list(), at, at + 1), at + 1));
        return row;
      }));
      countAll(place);
    };
    add.limits = () => {
      add.disabled = list().length >= limit();
      add.title = add.disabled ? say("full") : "";
    };
    add.addEventListener("click", () => {
      list().push(make());
      write();
      redraw();
      drawLimits();
      place.lastElementChild.querySelector("input").focus();
    });
    redraw();
    add.limits();
  }

  function drawLimits() {
    for (const add of panels.rows.querySelectorAll("[data-add]")) add.limits();
  }

  function drawChoice(item, inner, siblings, { row }) {
    const box = part("choice").firstElementChild;
    const input = (key) => box.querySelector(`[data-key=${key}]`);
    if (row) input("title").dataset.limit = input("title").dataset.rowLimit;
    else input("description").closest("label").remove();
    const title = input("title");
    const id = input("id");
    id.value = shown(inner.id);
    bind(title, inner, "title", () => {
      if (!made.has(item)) return;
      set(inner, "id", freeId(title.value, inner, siblings()), false);
      id.value = inner.id;
      count(id);
    });
    bind(id, inner, "id", () => made.delete(item));
    if (row) bind(input("description"), inner, "description", null, true);
    bindStep(input("step"), item, inner);
    return box;
  }

  /** Where an option leads stands under `step` or `next_step`, outside or inside `reply`. */
  function bindStep(input, item, inner) {
    const owner = !item.step && !item.next_step && (inner.step || inner.next_step) ? inner : item;
    const key = !owner.step && owner.next_step ? "next_step" : "step";
    bind(input, owner, key, null, true);
  }

  function bind(input, object, key, after = null, isOptional = false) {
    input.value = shown(object[key]);
    input.addEventListener("input", () => {
      set(object, key, input.value, isOptional);
      after?.();
      write();
    });
  }

  function freeId(title, own, all) {
    const base = slug(title);
    const taken = new Set(all.map((item) => item.reply ?? item).filter((each) => each !== own).map((each) => shown(each.id)));
    let id = base;
    for (let n = 2; id && taken.has(id); n += 1) id = `${base}_${n}`;
    return id;
  }

  root.querySelector("[data-tabs]").hidden = false;
  for (const each of tabs) {
    each.addEventListener("click", () => choose(each.dataset.tab));
    each.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = tabs.find((candidate) => candidate !== each);
      choose(other.dataset.tab);
      other.focus();
    });
  }
  textarea.addEventListener("input", (event) => { if (event.detail !== "rows" && tab === "rows") draw(); });
  choose(root.closest(".form-row")?.classList.contains("errors") && read() ? "json" : "rows");

  return () => {
    const now = kindOf();
    if (now === kind) return;
    texts[kind] = textarea.value;
    kind = now;
    textarea.value = texts[kind] ?? "";
    choose(tab);
  };
}

function isKnown(kind, value) {
  if (value === null) return true;
  if (kind === "flow") return isObject(value);
  const name = kind === "boton" ? "buttons" : "sections";
  const list = Array.isArray(value) ? value : isObject(value) ? value[name] ?? [] : null;
  if (!Array.isArray(list) || !list.every(isObject)) return false;
  if (kind === "boton") return list.every((item) => item.reply === undefined || isObject(item.reply));
  return list.every((section) => section.rows === undefined || (Array.isArray(section.rows) && section.rows.every(isObject)));
}

function isObject(value) { return typeof value === "object" && value !== null && !Array.isArray(value); }

function shown(value) { return value === undefined || value === null || typeof value === "object" ? "" : String(value); }

function set(object, key, text, isOptional) {
  if (isOptional && text === "") delete object[key];
  else object[key] = text;
}

function swap(list, a, b) {
  if (b < 0 || b >= list.length) return;
  [list[a], list[b]] = [list[b], list[a]];
}

function slug(title) {
  return title.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);
}
