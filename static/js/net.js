// One way to the server, one way to say that a chat changed.

import { csrfToken } from "./csrf.js";

/** Marks what the page does by itself: it is no sign of life, and the session may end for idleness. */
export const BY_ITSELF = { "X-Background": "1" };

/** Fetch a fragment. Throws when the network or the server fails; an ended session goes to login,
 *  an ended subscription (402) to the page that says so. */
export async function fetchHtml(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...signed(options) });
  if (response.redirected || response.status === 402) {
    location.reload();
    throw new Error("may not work here any more");
  }
  if (!response.ok && response.status !== 422) throw new Error(`HTTP ${response.status}`);
  return { html: await response.text(), refused: response.status === 422 };
}

/** A write carries the token as it is now, also in place of the one its form was loaded with. */
function signed(options) {
  if (!options.method || options.method === "GET") return options;
  if (options.body instanceof FormData) options.body.set("csrfmiddlewaretoken", csrfToken());
  return { ...options, headers: { ...options.headers, "X-CSRFToken": csrfToken() } };
}

/** Say that `chat` changed; without one, that anything may have. `more`: what else the server said. */
export function hint(chat = null, more = {}) {
  document.dispatchEvent(new CustomEvent("wa:hint", { detail: { ...more, chat } }));
}

/** Say that something of the whole company changed, and no chat. */
export function companyHint() { document.dispatchEvent(new CustomEvent("wa:company")); }

/** Say that other colleagues look at `chat` or type in it; its messages are the same. */
export function presenceHint(chat) {
  document.dispatchEvent(new CustomEvent("wa:presence", { detail: { chat } }));
}

/** Run `refresh` soon, once for many calls; never twice at the same time. */
export function soon(refresh, delay = 120) {
  let timer = null;
  let running = false;
  let again = false;
  const run = async () => {
    timer = null;
    if (running) { again = true; return; }
    running = true;
    try { await refresh(); } catch { /* the next hint or poll tries again */ }
    running = false;
    if (again) { again = false; call(); }
  };
  const call = () => { timer ??= setTimeout(run, delay); };
  return call;
}
