// Changing what is on screen into what the server says now, leaving alone all that is the same: a
// note that is playing goes on, an open list stays open, a screen reader hears only what is new.

const KEPT = new Set(["open"]); // what the person did

/** Make `known` like `node`; returns the one that is on screen. */
export function morph(known, node) {
  if (known.nodeName !== node.nodeName || isAnother(known, node)) {
    known.replaceWith(node);
    return node;
  }
  if (known.nodeType !== Node.ELEMENT_NODE) {
    if (known.data !== node.data) known.data = node.data;
    return known;
  }
  copyAttributes(known, node);
  if (!known.localName.includes("-")) morphChildren(known, node); // an element of ours keeps its inside
  return known;
}

/** A player of another file is another player. */
function isAnother(known, node) {
  return Boolean(known.localName?.includes("-")) && known.dataset.save !== node.dataset.save;
}

function copyAttributes(known, node) {
  for (const { name } of [...known.attributes]) {
    if (!node.hasAttribute(name) && !KEPT.has(name)) known.removeAttribute(name);
  }
  for (const { name, value } of node.attributes) {
    if (!KEPT.has(name) && known.getAttribute(name) !== value) known.setAttribute(name, value);
  }
}

function morphChildren(known, node) {
  let place = known.firstChild;
  for (const child of [...node.childNodes]) {
    const match = firstLike(child, place);
    if (!match) { known.insertBefore(child, place); continue; }
    while (place !== match) { const gone = place; place = place.nextSibling; gone.remove(); }
    place = match.nextSibling;
    morph(match, child);
  }
  while (place) { const gone = place; place = place.nextSibling; gone.remove(); }
}

function firstLike(child, from) {
  for (let other = from; other; other = other.nextSibling) {
    if (other.nodeName === child.nodeName && other.classList?.[0] === child.classList?.[0]) return other;
  }
  return null;
}
