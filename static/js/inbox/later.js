// Messages for later: a dialog to schedule one, a strip over the box to change or cancel those that wait.

import { parse } from "../keyed.js";
import { fetchHtml, hint } from "../net.js";
import { openDialog, refuse } from "./dialogs.js";
import { newKey } from "./keys.js";

export function scheduleFrom(composer) {
  const dialog = openDialog(composer, "later");
  const form = dialog.querySelector("form");
  const key = newKey();
  const at = form.elements.at;
  form.elements.text.value = composer.isNote ? "" : composer.text.value;
  at.value = local(new Date(Date.now() + 3600_000));
  at.min = local(new Date());
  let sure = "";
  form.addEventListener("input", () => { sure = ""; doubt(form, ""); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form);
    body.set("key", key);
    body.set("sure", sure);
    const answer = await post(composer.dataset.laterUrl, body, form, composer);
    if (!answer) return;
    const asked = answer.fragment.querySelector("[data-doubt]");
    if (answer.refused && asked) { sure = "1"; doubt(form, asked.textContent); return; }
    if (answer.refused) { refuse(form, answer.fragment.textContent.trim()); return; }
    composer.write("");
    show(composer, answer.fragment);
    dialog.close();
  });
}

export function watchStrip(composer) {
  composer.querySelector("[data-later-box]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const answer = await post(form.action, new FormData(form, event.submitter), form, composer);
    if (answer?.refused) refuse(form, answer.fragment.textContent.trim());
    else if (answer) show(composer, answer.fragment);
  });
}

async function post(url, body, form, composer) {
  try {
    const { html, refused } = await fetchHtml(url, { method: "POST", body });
    return { fragment: parse(html), refused };
  } catch {
    refuse(form, composer.dataset.lost);
    return null;
  }
}

function show(composer, fragment) {
  composer.querySelector("[data-later-box]").replaceChildren(fragment);
  hint(composer.dataset.chat);
}

function doubt(form, text) {
  const said = form.querySelector("[data-doubt-words]");
  const button = form.querySelector("[type=submit]");
  button.dataset.words ??= button.textContent;
  said.textContent = text;
  said.hidden = !text;
  button.textContent = text ? button.dataset.sureWords : button.dataset.words;
}

/** As the field wants it: the clock of the person's own wall. */
function local(date) {
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
