// The list of rules: the order within a step by drag or button without a new page, and the boxes
// that the chosen action needs.

import { csrfToken } from "../csrf.js";
import { BY_ITSELF } from "../net.js";

const table = document.querySelector("table.rules");
if (table) order(table);
if (table?.dataset.findingsAt) showFindings(table);
for (const actions of document.querySelectorAll("#changelist-form .actions")) ask(actions);

function order(table) {
  const said = document.querySelector("[data-said]");
  table.closest("form").addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name !== "move") return;
    event.preventDefault();
    const [, way] = button.value.split(":");
    const row = button.closest("tr");
    const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (!other?.dataset.rule) { submitPlainly(button); return; }
    if (way === "up") other.before(row); else other.after(row);
    button.focus();
    save(row, way);
  });
  for (const handle of table.querySelectorAll("[data-handle]")) {
    handle.hidden = false;
    handle.addEventListener("pointerdown", (event) => drag(handle, event));
  }

  /** The neighbour is on another page: the server knows it. */
  function submitPlainly(button) {
    const form = button.form;
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "move", value: button.value });
    form.append(field);
    form.action = button.formAction;
    form.submit();
  }

  function drag(handle, start) {
    const row = handle.closest("tr");
    const body = row.parentElement;
    const first = row.nextElementSibling;
    start.preventDefault();
    row.classList.add("is-dragged");
    const move = (event) => {
      for (const other of body.querySelectorAll("tr[data-rule]")) {
        if (other === row) continue;
        const { top, height } = other.getBoundingClientRect();
        if (event.clientY < top || event.clientY > top + height) continue;
        if (event.clientY < top + height / 2) other.before(row); else other.after(row);
        return;
      }
    };
    const end = () => {
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      document.removeEventListener("pointermove", move);
      row.classList.remove("is-dragged");
      if (row.nextElementSibling !== first) save(row, row.nextElementSibling?.dataset.rule ?? `after-${row.previousElementSibling.dataset.rule}`);
    };
    // On the document: an element that moves in the page loses the pointer it had captured.
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end, { once: true });
    document.addEventListener("pointercancel", end, { once: true });
  }

  async function save(row, where) {
    const button = row.querySelector("button[name=move]");
    const body = new URLSearchParams({ move: `${row.dataset.rule}:${where}` });
    try {
      const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
      const response = await fetch(button.formAction, { method: "POST", body, headers });
      if (!response.ok || response.redirected) throw new Error(`HTTP ${response.status}`);
      const { priorities } = await response.json();
      for (const [id, priority] of Object.entries(priorities)) {
        const shown = table.querySelector(`[data-rule="${id}"] [data-priority]`);
        if (shown) shown.textContent = priority;
      }
      said.textContent = "";
      said.textContent = said.dataset.done;
    } catch {
      said.textContent = said.dataset.failed;
    }
  }
}

/** Checking very many rules takes a moment: the list does not wait for it. */
async function showFindings(table) {
  const rows = [...table.querySelectorAll("[data-rule]")];
  const ids = rows.map((row) => row.dataset.rule).join();
  const response = await fetch(`${table.dataset.findingsAt}?ids=${ids}`, { headers: BY_ITSELF });
  if (!response.ok || response.redirected) return;
  const cells = await response.json();
  for (const row of rows) {
    const html = cells[row.dataset.rule];
    if (html) row.querySelector("[data-findings]").innerHTML = html;
  }
}

function ask(actions) {
  const chosen = actions.querySelector("select[name=action]");
  const boxes = [...actions.querySelectorAll("[data-of]")];
  const fit = () => {
    for (const box of boxes) box.closest("label").hidden = box.dataset.of !== chosen.value;
  };
  chosen.addEventListener("change", fit);
  fit();
}
