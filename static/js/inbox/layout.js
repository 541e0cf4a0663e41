// Which panes are on screen. From 1200 px the contact's pane is a column, closed if the person
// closed it; narrower it is a sheet over the chat, open only while asked for.

const KEPT = "wa:pane";
const wide = matchMedia("(min-width: 1200px)");
const root = document.documentElement;

const kept = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };

export const isPaneOpen = () => root.dataset.pane === "open";

/** Open or close the contact's pane; tells it with `wa:pane`, {open}. */
export function showPane(open) {
  if (wide.matches) { try { localStorage.setItem(KEPT, open ? "open" : "closed"); } catch { /* for now */ } }
  set(open);
}

function set(open) {
  root.dataset.pane = open ? "open" : "closed";
  document.dispatchEvent(new CustomEvent("wa:pane", { detail: { open } }));
}

const asKept = () => set(wide.matches && kept() !== "closed");
wide.addEventListener("change", asKept);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-pane-switch]")) showPane(!isPaneOpen());
});
asKept();
