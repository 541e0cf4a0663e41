// The panes as the person left them. Runs before the first paint; splitter.js and layout.js write.
(() => {
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const root = document.documentElement;
  let widths = {};
  try { widths = JSON.parse(kept("wa:widths")) || {}; } catch { /* as they come */ }
  for (const name of ["side", "pane"]) {
    if (widths[name] > 0) root.style.setProperty(`--wa-${name}-width`, `${widths[name]}px`);
  }
  const wide = matchMedia("(min-width: 1200px)").matches;
  root.dataset.pane = wide && kept("wa:pane") !== "closed" ? "open" : "closed";
})();
