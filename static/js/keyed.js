// Merging what the server sends into what is on screen: children with an id, ordered by data-key.

const sources = new WeakMap(); // the server's words for a node, whatever the person did to it since

export function remember(container) {
  for (const node of container.children) sources.set(node, node.outerHTML);
}

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Put `node` in its place; returns "new", "changed" or "same". `compare(a, b)` < 0: a is first.
 *  `swap(known, node)` changes one for the other where it stays in its place. */
export function merge(container, node, compare, swap = replace) {
  const words = node.outerHTML;
  const known = document.getElementById(node.id);
  if (known && sources.get(known) === words) return "same";
  sources.set(node, words);
  if (known && known.dataset.key === node.dataset.key) {
    sources.set(swap(known, node), words);
    return "changed";
  }
  known?.remove();
  container.insertBefore(node, firstAfter(container.children, node, compare));
  return known ? "changed" : "new";
}

function replace(known, node) {
  known.replaceWith(node);
  return node;
}

function firstAfter(children, node, compare) {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = children[middle].dataset.key;
    // Without a key: a sentinel that stays last.
    if (other !== undefined && compare(other, node.dataset.key) < 0) low = middle + 1;
    else high = middle;
  }
  return children[low] ?? null;
}

export const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
export const descending = (a, b) => ascending(b, a);
