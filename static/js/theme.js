// The theme of the person, shared with the admin: it keeps "auto", "light" or "dark" under the
// same name. Runs before the first paint.
(() => {
  const root = document.documentElement;
  const saved = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const isDark = () =>
    root.dataset.theme === "dark" ||
    (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);

  root.dataset.theme = saved() || "auto";
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* private mode: for now */ }
  });
})();
