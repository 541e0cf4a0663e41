// The words that were searched for, marked in the messages: by the browser, the text stays as it is.

const PLACES = ".bubble__text, .file__name, .attached__title, .attached__detail";

/** Mark in `log` the words of `typed`, whatever their accents and capitals. */
export function markWords(log, typed) {
  if (!globalThis.CSS?.highlights) return;
  const words = (typed ?? "").split(/\s+/).map(plain).filter((word) => word.length > 1);
  const ranges = [...log.querySelectorAll(PLACES)].flatMap((place) => rangesIn(place, words));
  CSS.highlights.set("found", new Highlight(...ranges));
}

function rangesIn(place, words) {
  const ranges = [];
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = plain(walker.currentNode.data);
    for (const word of words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}

/** As many characters as `text` has, so that a place in one is a place in the other. */
function plain(text) {
  return text.split("").map((char) => char.normalize("NFD")[0].toLowerCase()[0]).join("");
}
