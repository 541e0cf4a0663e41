// The page of a rule or of a quick reply: what its kind needs, how long a text may be, and how the
// customer will see it.

import { fetchHtml, soon } from "../net.js";
import { count } from "./counters.js";
import { editMedias, openMedias } from "./medias.js";
import { editOptions } from "./options.js";

const WITH_OPTIONS = ["boton", "lista", "flow"];
const WITH_FILES = ["image", "video", "audio", "document"];
const WITH_CAPTION = ["image", "video", "document"];

const box = document.querySelector("[data-rule-form]");
if (box) start(box);

function start(box) {
  const form = box.closest("form");
  const kind = form.elements.kind;
  const reply = form.elements.reply ?? form.elements.message;
  const medias = form.querySelector("[data-medias]");
  const options = form.querySelector("[data-options-editor]");
  const showOptions = editOptions(options, () => kind.value);
  editMedias(medias);

  const fit = () => {
    options.closest(".form-row").hidden = !WITH_OPTIONS.includes(kind.value);
    reply.dataset.limit = limitOf(box, kind.value, options, medias);
    count(reply);
  };
  kind.addEventListener("change", () => {
    showOptions();
    fit();
    openMedias(medias, WITH_FILES.includes(kind.value));
    refresh();
  });
  const refresh = preview(box, form);
  form.addEventListener("input", () => { fit(); refresh(); });
  form.addEventListener("change", () => { fit(); refresh(); });
  completeLists(form);
  fit();
  if (WITH_FILES.includes(kind.value)) openMedias(medias, true);
  refresh();
}

function limitOf(box, kind, options, medias) {
  const hasFile = [...medias.querySelectorAll("[data-media]:not([hidden])")].some(
    (row) => [...row.querySelectorAll("[name$=-url], [name$=-file], [name$=-upload]")].some((input) => input.value),
  );
  if (WITH_OPTIONS.includes(kind) && options.querySelector("textarea").value.trim()) return box.dataset.interactiveLimit;
  return WITH_CAPTION.includes(kind) && hasFile ? box.dataset.captionLimit : box.dataset.textLimit;
}

function preview(box, form) {
  const aside = box.querySelector("[data-preview-box]");
  const shown = box.querySelector("[data-preview-shown]");
  const failed = box.querySelector("[data-preview-failed]");
  aside.hidden = false;
  let last = "";
  return soon(async () => {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken") continue;
      body.append(name, value instanceof File ? value.name : value);
    }
    if (body.toString() === last) return;
    try {
      const { html } = await fetchHtml(box.dataset.preview, { method: "POST", body });
      const isOpen = shown.querySelector("details")?.open;
      shown.innerHTML = html;
      const list = shown.querySelector("details");
      if (list) list.open = isOpen ?? true;
      failed.hidden = true;
      last = body.toString();
    } catch {
      failed.hidden = false;
    }
  }, 350);
}

/** A datalist completes a whole box: for lists "a, b" it is offered with what already stands. */
function completeLists(form) {
  for (const input of form.querySelectorAll("input[data-many]")) {
    const source = document.getElementById(input.getAttribute("list"));
    if (!source) continue;
    const own = document.createElement("datalist");
    own.id = `${input.id}-steps`;
    source.after(own);
    const names = [...source.options].map((option) => option.value);
    const fill = () => {
      const start = input.value.slice(0, input.value.lastIndexOf(",") + 1);
      const gap = start ? " " : "";
      own.replaceChildren(...names.map((name) => new Option("", `${start}${gap}${name}`)));
    };
    input.setAttribute("list", own.id);
    let before = null;
    input.addEventListener("input", () => {
      const start = input.value.lastIndexOf(",");
      if (start !== before) { before = start; fill(); }
    });
    fill();
  }
}
