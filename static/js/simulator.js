// The customer's phone and Meta's controls: polls the simulator and shows what changed.
// Everything a message says is put in as text, never as HTML.

import { csrfToken } from "./csrf.js";

const POLL_MS = 700;
const SHOWN_CALLS = 60;
const TICKS = { accepted: "✓", sent: "✓", delivered: "✓✓", read: "✓✓", played: "✓✓" };

const $ = (id) => document.getElementById(id);
const texts = JSON.parse($("texts").textContent);
const { state: stateUrl, control: controlUrl } = document.body.dataset;
const clockTime = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long" });

const seen = { epoch: "", seq: 0 };
const remembered = JSON.parse(sessionStorage.getItem("simulator") || "{}");
const chosen = { number: remembered.number || "", customer: remembered.customer || "" };
const bubbles = new Map();
let quoted = "";
let sheetAnswer = null;
let generation = 0; // answers to a poll for another chat are stale

// Small tools ----------------------------------------------------------------------------------

function make(tag, properties = {}, ...children) {
  const { data = {}, ...plain } = properties;
  const node = Object.assign(document.createElement(tag), plain);
  Object.assign(node.dataset, data);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function showProblem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

async function run(command, body = {}) {
  const response = await fetch(controlUrl + command, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  return settle(response);
}

async function settle(response) {
  const answer = await response.json().catch(() => ({}));
  showProblem(response.ok ? "" : `${texts.failedAction} ${answer.error || response.status}`);
  if (response.ok) await poll();
  return response.ok ? answer : null;
}

const here = (more) => ({ number: chosen.number, customer: chosen.customer, ...more });

// Text with *bold* _italic_ ~strike~ ```mono``` and links, as WhatsApp shows it ------------------

const FORMATS = [
  [/```([^`]+)```/, "code"],
  [/(?<![\p{L}\p{N}])\*(\S(?:[^*\n]*\S)?)\*(?![\p{L}\p{N}])/u, "strong"],
  [/(?<![\p{L}\p{N}])_(\S(?:[^_\n]*\S)?)_(?![\p{L}\p{N}])/u, "em"],
  [/(?<![\p{L}\p{N}])~(\S(?:[^~\n]*\S)?)~(?![\p{L}\p{N}])/u, "s"],
  [/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/, "a"],
];

function formatted(text) {
  let first = null;
  for (const [pattern, tag] of FORMATS) {
    const match = pattern.exec(text);
    if (match && (!first || match.index < first.match.index)) first = { match, tag };
  }
  if (!first) return text ? [text] : [];
  const { match, tag } = first;
  const inside = tag === "a" || tag === "code" ? [match[1]] : formatted(match[1]);
  const link = tag === "a" ? { href: match[1], target: "_blank", rel: "noopener noreferrer" } : {};
  return [
    ...(match.index ? [text.slice(0, match.index)] : []),
    make(tag, link, ...inside),
    ...formatted(text.slice(match.index + match[0].length)),
  ];
}

// Bubbles --------------------------------------------------------------------------------------

function draw(message) {
  const side = `message message--${message.side}${message.status === "failed" ? " message--failed" : ""}`;
  return make("div", { className: side, data: { id: message.id } },
    make("div", { className: "bubble" }, ...inside(message), foot(message)),
    message.reactions.length ? make("span", { className: "reactions" }, message.reactions.join(" ")) : null,
    options(message));
}

function inside(message) {
  const parts = [
    message.quote && quoteBox(message.quote),
    message.header && make("div", { className: "bubble__header" }, message.header),
    message.media && mediaBox(message),
    message.place && fileBox("pin", message.text || texts.shareLocation, message.place),
    ...(message.people || []).map((person) => fileBox("person", person, "")),
    message.text && !message.place && make("div", { className: "bubble__text" }, ...formatted(message.text)),
    message.small && make("div", { className: "bubble__small" }, message.small),
    message.footer && make("div", { className: "bubble__footer" }, message.footer),
  ].filter(Boolean);
  return parts.length ? parts : [make("div", { className: "bubble__small" }, `${texts.unknown} (${message.kind})`)];
}

function quoteBox(quote) {
  const author = quote.side === "customer" ? texts.you : texts.business;
  return make("span", { className: "quote" }, quote.side ? make("b", {}, author) : null, make("span", {}, quote.text || texts.gone));
}

function mediaBox(message) {
  const { kind, id, link, filename } = message.media;
  const isOurs = id || link.startsWith(`${location.origin}/`);
  const source = id ? `${controlUrl}archivo/${encodeURIComponent(id)}` : link;
  const label = filename || texts[kind] || kind;
  if (isOurs && (kind === "image" || kind === "sticker")) {
    return make("img", { className: `media media--${kind}`, src: source, alt: message.text || label });
  }
  if (isOurs && (kind === "audio" || kind === "video")) {
    const player = make(kind, { className: "media", src: source, controls: true, preload: "metadata" });
    player.addEventListener("play", () => run("reproducir", here({ message: message.id })), { once: true });
    return player;
  }
  return fileBox("file", label, link, source); // other sites' files are not fetched by this page
}

function fileBox(name, label, detail, href = "") {
  const words = make("span", {}, label, detail && detail !== label ? make("small", {}, detail) : null);
  if (!href) return make("span", { className: "file" }, icon(name), words);
  return make("a", { className: "file", href, target: "_blank", rel: "noopener noreferrer" }, icon(name), words);
}

function foot(message) {
  const line = make("div", { className: "bubble__foot" });
  line.append(make("span", { className: "bubble__acts" },
    actButton("reply", "quote", message.id), message.side === "business" ? actButton("like", "like", message.id) : ""));
  line.append(make("time", {}, clockTime.format(message.at * 1000)));
  if (message.status === "failed") {
    line.append(make("span", { className: "bubble__failed" }, `▲ ${texts.failed} · ${message.error}`));
  } else if (TICKS[message.status]) {
    const name = texts[message.status];
    line.append(make("span", { className: `ticks ticks--${message.status}`, title: name },
      make("span", { ariaHidden: "true" }, TICKS[message.status]), make("span", { className: "spoken" }, name)));
  }
  return line;
}

function actButton(iconName, act, id) {
  return make("button", { type: "button", className: "tool", title: texts[act], data: { act, id } },
    icon(iconName), make("span", { className: "spoken" }, texts[act]));
}

function options(message) {
  const buttons = [];
  const option = (words, data, iconName) => buttons.push(make("button",
    { type: "button", className: `option${data.option && data.option === message.chosen ? " option--chosen" : ""}`, data: { id: message.id, ...data } },
    iconName ? icon(iconName) : null, words));
  for (const button of message.buttons || []) {
    if (button.href) buttons.push(outside(button.title, button.href));
    else option(button.title, { act: "tap", option: button.id });
  }
  if (message.list) option(message.list.button, { act: "list" }, "list");
  if (message.flow) option(message.flow.title, { act: "form" }, "list");
  if (message.url) buttons.push(outside(message.url.title, message.url.href));
  if (message.wants === "location") option(texts.shareLocation, { act: "location" }, "pin");
  return buttons.length ? make("div", { className: "options" }, ...buttons) : null;
}

function outside(title, href) {
  return make("a", { className: "option", href, target: "_blank", rel: "noopener noreferrer" }, icon("link"), title);
}

// The thread -----------------------------------------------------------------------------------

function show(messages) {
  const thread = $("thread");
  let hasNew = false;
  for (const message of messages) {
    const old = bubbles.get(message.id);
    const node = draw(message);
    if (old) old.node.replaceWith(node);
    else { startDay(message.at); thread.append(node); hasNew = true; }
    bubbles.set(message.id, { message, node });
  }
  if (bubbles.size) thread.querySelector(".empty")?.remove();
  else if (!thread.querySelector(".empty")) thread.append(make("p", { className: "empty" }, chosen.number ? texts.newChat : texts.addFirst));
  if (hasNew) stayAtEnd();
}

let isAtEnd = true; // until the reader scrolls up

function stayAtEnd() {
  if (isAtEnd) $("thread").scrollTop = $("thread").scrollHeight;
}

function startDay(at) {
  const name = dayName.format(at * 1000);
  if ([...$("thread").querySelectorAll(".day")].at(-1)?.textContent === name) return;
  $("thread").append(make("p", { className: "day" }, name));
}

function forget() {
  bubbles.clear();
  $("thread").replaceChildren();
  isAtEnd = true;
  seen.seq = 0;
  generation += 1;
}

// Polling --------------------------------------------------------------------------------------

let polling = Promise.resolve();

function poll() { // one at a time: an answer must not overtake the one before
  polling = polling.then(pollOnce, pollOnce);
  return polling;
}

async function pollOnce() {
  const asked = generation;
  const watched = document.visibilityState === "visible" ? "1" : "0";
  const query = new URLSearchParams({ ...chosen, after: seen.seq, watched });
  let answer;
  try {
    const response = await fetch(`${stateUrl}?${query}`);
    if (!response.ok) throw new Error(String(response.status));
    answer = await response.json();
  } catch {
    $("presence").textContent = texts.offline;
    return;
  }
  if (asked !== generation) return;
  const isNewWorld = seen.epoch && answer.epoch !== seen.epoch;
  seen.epoch = answer.epoch;
  if (isNewWorld) $("calls").replaceChildren();
  if (pick(answer) || isNewWorld) { forget(); return pollOnce(); }
  seen.seq = answer.seq;
  show(answer.bubbles);
  showMeta(answer);
  $("presence").textContent = answer.typing ? texts.typing : texts.online;
}

function pick(answer) { // fills both lists; true when the chosen chat had to change
  const people = new Map(answer.customers.map((person) => [person.wa_id, person.name]));
  for (const chat of answer.chats) if (!people.has(chat.wa_id)) people.set(chat.wa_id, chat.wa_id);
  const before = JSON.stringify(chosen);
  fill($("number"), answer.numbers.map((number) => [number.id, number.name]), "number", texts.noNumbers);
  fill($("customer"), [...people].map(([waId, name]) => [waId, name === waId ? `+${waId}` : `${name} · +${waId}`]), "customer", "");
  const name = answer.numbers.find((number) => number.id === chosen.number)?.name || texts.noNumbers;
  $("business").textContent = name;
  $("avatar").textContent = name.replace(/^Número /, "").slice(0, 2).toUpperCase();
  return JSON.stringify(chosen) !== before;
}

function fill(select, entries, which, empty) {
  const wanted = JSON.stringify(entries);
  if (select.dataset.entries !== wanted) {
    select.dataset.entries = wanted;
    select.replaceChildren(...(entries.length ? entries : [["", empty]]).map(([value, label]) => make("option", { value }, label)));
  }
  if (!entries.some(([value]) => value === chosen[which])) chosen[which] = entries[0]?.[0] || "";
  select.value = chosen[which];
}

function choose(which, value) {
  chosen[which] = value;
  sessionStorage.setItem("simulator", JSON.stringify(chosen));
  stopQuoting();
  closeSheet();
  forget();
  poll();
}

// Meta's side ----------------------------------------------------------------------------------

function showMeta(answer) {
  $("planned").value = answer.planned;
  $("undelivered").value = answer.undelivered;
  $("advanced").value = Math.round(answer.advanced_seconds / 3600);
  for (const [name, value] of Object.entries(answer.switches)) {
    const field = $("switches").elements[name];
    if (!field || field === document.activeElement) continue;
    if (field.type === "checkbox") field.checked = value; else field.value = value;
  }
  for (const call of answer.calls) {
    if (!$("calls").querySelector(`[data-seq="${call.seq}"]`)) $("calls").prepend(drawCall(call));
  }
  while ($("calls").childElementCount > SHOWN_CALLS) $("calls").lastElementChild.remove();
}

function drawCall(call) {
  const isBad = call.status === 0 || call.status >= 400;
  const way = call.direction === "graph" ? texts.toMeta : texts.toProduct;
  const node = make("details", { className: `call${isBad ? " call--bad" : ""}`, data: { seq: call.seq } },
    make("summary", {},
      make("time", { className: "call__way" }, clockTime.format(call.at * 1000)),
      make("span", { className: "call__way" }, way),
      make("span", { className: "call__what" }, describe(call)),
      make("span", { className: "call__status" }, call.status || texts.noAnswer)));
  node.addEventListener("toggle", () => {
    node.append(make("h4", {}, `${texts.request} · ${call.method} /${call.path.replace(/^\//, "")}`),
      make("pre", {}, pretty(call.request)), make("h4", {}, texts.answer), make("pre", {}, pretty(call.answer)));
  }, { once: true });
  return node;
}

function describe(call) {
  if (call.direction === "graph") {
    const body = call.request;
    if (body?.status === "read") return body.typing_indicator ? "read + typing" : "read";
    return body?.type ? `${body.type} → ${body.to || body.recipient}` : `${call.method} ${call.path}`;
  }
  const value = call.request?.entry?.[0]?.changes?.[0]?.value || {};
  const [message, status] = [value.messages?.[0], value.statuses?.[0]];
  if (message) return `${message.type} ← ${message.from}`;
  return status ? `${status.status} · ${status.recipient_id || status.recipient_user_id}` : call.path;
}

function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value || "—"; }
}

// The sheet: rows of a list, or the fields of a form -----------------------------------------------

function openSheet(title, nodes, answer) {
  $("sheet-title").textContent = title;
  $("sheet-body").replaceChildren(...nodes);
  $("sheet").hidden = $("shade").hidden = false;
  for (const part of ["thread", "composer"]) $(part).inert = true;
  sheetAnswer = answer;
  $("sheet-body").querySelector("input, textarea")?.focus();
}

function closeSheet() {
  if ($("sheet").hidden) return;
  $("sheet").hidden = $("shade").hidden = true;
  for (const part of ["thread", "composer"]) $(part).inert = false;
  sheetAnswer = null;
  $("words").focus();
}

function openList(message) {
  const nodes = [];
  for (const section of message.list.sections) {
    if (section.title) nodes.push(make("h4", {}, section.title));
    for (const row of section.rows) {
      nodes.push(make("label", { className: "choice" },
        make("span", {}, row.title), row.description ? make("small", {}, row.description) : null,
        make("input", { type: "radio", name: "row", value: row.id, required: true })));
    }
  }
  openSheet(message.list.button, nodes, (form) => run("toque", here({ message: message.id, option: form.get("row") })));
}

function openForm(message) {
  const fields = $("form-fields").content.cloneNode(true);
  openSheet(message.flow.title, [fields], (form) => {
    const lines = form.get("answers").split("\n").map((line) => line.split(/:(.*)/)).filter((pair) => pair[0].trim());
    const answers = Object.fromEntries(lines.map(([name, value = ""]) => [name.trim(), value.trim()]));
    return run("formulario", here({ message: message.id, answers }));
  });
}

// What the customer does -----------------------------------------------------------------------

const LOCATION = { latitude: 4.60971, longitude: -74.08175, name: "Plaza de Bolívar", address: "Bogotá, Colombia" };
const PERSON = [{ name: { formatted_name: "Laura Torres", first_name: "Laura", last_name: "Torres" }, phones: [{ phone: "+57 310 222 3344", wa_id: "573102223344", type: "CELL" }] }];

const acts = {
  tap: (id, data) => run("toque", here({ message: id, option: data.option })),
  list: (id) => openList(bubbles.get(id).message),
  form: (id) => openForm(bubbles.get(id).message),
  location: () => run("mensaje", here({ kind: "location", content: LOCATION })),
  like: (id) => run("reaccion", here({ message: id, emoji: bubbles.get(id).message.reactions.includes("👍") ? "" : "👍" })),
  quote: (id) => startQuoting(id),
};

const attachments = {
  file: () => pickFile(""),
  voice: () => pickFile("audio/*"),
  location: () => acts.location(),
  contact: () => run("mensaje", here({ kind: "contacts", content: PERSON })),
  ad: () => sendWords(true),
};

function pickFile(accept) {
  $("file").accept = accept;
  $("file").value = "";
  $("file").click();
}

async function sendFile(file) {
  const voice = $("file").accept === "audio/*" ? "1" : "0";
  const caption = takeWords();
  const query = new URLSearchParams(here({ filename: file.name, caption, voice }));
  const response = await fetch(`${controlUrl}archivo?${query}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream", "X-CSRFToken": csrfToken() },
    body: file,
  });
  await settle(response);
}

function takeWords() {
  const words = $("words").value.trim();
  $("words").value = "";
  return words;
}

async function sendWords(fromAd = false) {
  const text = takeWords() || (fromAd ? "Hola, vi su anuncio" : "");
  if (!text) return;
  const quote = quoted;
  stopQuoting();
  isAtEnd = true;
  if (!await run("texto", here({ text, quote, from_ad: fromAd })) && !$("words").value) $("words").value = text;
}

function startQuoting(id) {
  quoted = id;
  const { message } = bubbles.get(id);
  $("quoting-text").textContent = message.text || message.media?.filename || texts[message.kind] || message.kind;
  $("quoting").hidden = false;
  $("words").focus();
}

function stopQuoting() {
  quoted = "";
  $("quoting").hidden = true;
}

function toggleAttach(isOpen) {
  $("attach").hidden = !isOpen;
  $("open-attach").ariaExpanded = String(isOpen);
}

function toggleMeta(isOpen) {
  $("meta").classList.toggle("meta--open", isOpen);
  $("open-meta").ariaExpanded = String(isOpen);
  (isOpen ? $("close-meta") : $("open-meta")).focus();
}

function valuesOf(form) {
  const values = Object.fromEntries(new FormData(form));
  for (const field of form.querySelectorAll("[data-number]")) values[field.name] = Number(field.value);
  return values;
}

// Events ---------------------------------------------------------------------------------------

$("thread").addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act](button.dataset.id, button.dataset);
});
$("thread").addEventListener("scroll", ({ currentTarget: box }) => {
  isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
});
for (const event of ["load", "loadedmetadata"]) $("thread").addEventListener(event, stayAtEnd, true); // a file grew
$("attach").addEventListener("click", (event) => {
  const kind = event.target.closest("[data-attach]")?.dataset.attach;
  if (!kind) return;
  toggleAttach(false);
  attachments[kind]();
});
$("composer").addEventListener("submit", (event) => { event.preventDefault(); sendWords(); });
$("words").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendWords();
});
$("file").addEventListener("change", () => { if ($("file").files[0]) sendFile($("file").files[0]); });
$("open-attach").addEventListener("click", () => toggleAttach($("attach").hidden));
$("quoting-off").addEventListener("click", stopQuoting);
$("sheet").addEventListener("submit", (event) => {
  event.preventDefault();
  const answer = sheetAnswer;
  const form = new FormData($("sheet"));
  closeSheet();
  answer?.(form);
});
$("sheet-close").addEventListener("click", closeSheet);
$("shade").addEventListener("click", closeSheet);
$("open-meta").addEventListener("click", () => toggleMeta(true));
$("close-meta").addEventListener("click", () => toggleMeta(false));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!$("sheet").hidden) closeSheet();
  else if ($("meta").classList.contains("meta--open")) toggleMeta(false);
});
$("number").addEventListener("change", (event) => choose("number", event.target.value));
$("customer").addEventListener("change", (event) => choose("customer", event.target.value));

$("meta").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const answer = form.dataset.command && await run(form.dataset.command, valuesOf(form));
  if (!answer) return;
  if (answer.wa_id) choose("customer", answer.wa_id);
  if (answer.id) choose("number", answer.id);
  if (answer.wa_id || answer.id) { form.reset(); form.closest("details").open = false; }
});
$("meta").addEventListener("click", (event) => {
  const button = event.target.closest("[data-run]");
  if (!button || (button.dataset.confirm && !confirm(button.dataset.confirm))) return;
  run(button.dataset.run, JSON.parse(button.dataset.body || "{}"));
});
$("switches").addEventListener("change", ({ target }) => {
  const value = target.type === "checkbox" ? target.checked : target.matches("[data-number]") ? Number(target.value) : target.value;
  run("interruptor", { [target.name]: value });
});

async function keepPolling() {
  await poll();
  setTimeout(keepPolling, POLL_MS);
}
keepPolling();
