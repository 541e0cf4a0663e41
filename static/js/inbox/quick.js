// The two sources of suggestions in the reply box: quick replies after `/`, colleagues after `@`.

import { fetchHtml } from "../net.js";
import { newKey } from "./keys.js";

/** Replies that are only words go into the box; those with files or options are sent whole. */
export function quickReplies(composer) {
  return {
    empty: composer.dataset.emptyQuick,
    find(before) {
      const match = !composer.isNote && /^\/([^\n]*)$/.exec(before);
      return match ? { word: match[1], start: 0 } : null;
    },
    items: once(() => json(composer.dataset.quickUrl)),
    label: (item) => item.name,
    detail: (item) => [item.category, item.text].filter(Boolean).join(" · ").slice(0, 120),
    words: (item) => `${item.name} ${item.category} ${item.text}`,
    take(item) {
      if (!item.sends) { composer.write(item.text); return; }
      composer.write("");
      sendWhole(composer, item);
    },
  };
}

export function colleagues(composer) {
  return {
    empty: composer.dataset.none,
    find(before) {
      const match = composer.isNote && /(?:^|\s)@([\w.+-]*)$/u.exec(before);
      return match ? { word: match[1], start: before.length - match[1].length } : null;
    },
    items: once(() => json(composer.dataset.colleaguesUrl)),
    label: (item) => `@${item.name}`,
    detail: (item) => item.full,
    words: (item) => `${item.name} ${item.full}`,
    take: (item, found) => composer.insert(`${item.name} `, found.start),
  };
}

async function sendWhole(composer, item) {
  const body = new FormData();
  body.set("key", newKey());
  try {
    const url = `${composer.dataset.quickUrl}/${item.id}`;
    const { html, refused } = await fetchHtml(url, { method: "POST", body });
    composer.took(html, refused);
  } catch {
    composer.complain(composer.dataset.lost);
    composer.write(`/${item.name}`);
  }
}

async function json(url) {
  const { html } = await fetchHtml(url);
  return JSON.parse(html);
}

/** Asked once per chat; a failure is asked again. */
function once(ask) {
  let known = null;
  return () => (known ??= ask().catch((error) => { known = null; throw error; }));
}
