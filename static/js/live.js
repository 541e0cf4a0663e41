// Hints from the server, {"chat": id, "last": message id}; every 3 s a look while there are none.

import { hint } from "./net.js";

const POLL_MS = 3000;
let poll = null;

export function listen() {
  const source = new EventSource("/eventos");
  source.onmessage = (event) => hint(JSON.parse(event.data).chat);
  source.onopen = () => { stopPolling(); hint(); };
  source.onerror = () => {
    startPolling();
    // Closed for good: this server has no live stream. Otherwise the browser tries again by itself.
    showOffline(source.readyState === EventSource.CONNECTING);
  };
  addEventListener("online", () => hint());
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
