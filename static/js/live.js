// Hints from the server, {"chat": id, "last": message id}; every 3 s a look while there are none.
// Chat 0: something of the whole company changed, such as a number that may not send any more.
// A chat that was given to others sends no hint here: a slow look takes it off the list.

import { companyHint, hint, presenceHint } from "./net.js";

const POLL_MS = 3000;
const SLOW_LOOK_MS = 60000;
let poll = null;

export function listen() {
  const source = new EventSource("/eventos");
  source.onmessage = (event) => {
    const { chat, ...more } = JSON.parse(event.data);
    if (more.presence) presenceHint(chat);
    else if (chat) hint(chat, more);
    else companyHint();
  };
  source.onopen = () => { stopPolling(); hint(); };
  source.onerror = () => {
    startPolling();
    // Closed for good: this server has no live stream. Otherwise the browser tries again by itself.
    showOffline(source.readyState === EventSource.CONNECTING);
  };
  addEventListener("offline", () => showOffline(true));
  addEventListener("online", () => { showOffline(source.readyState !== EventSource.OPEN); hint(); });
  setInterval(() => { if (!document.hidden) hint(); }, SLOW_LOOK_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) hint(); });
}

function startPolling() { poll ??= setInterval(() => { if (!document.hidden) hint(); }, POLL_MS); }

function stopPolling() {
  clearInterval(poll);
  poll = null;
  showOffline(false);
}

function showOffline(isOffline) {
  for (const banner of document.querySelectorAll("[data-offline]")) banner.hidden = !isOffline;
}
