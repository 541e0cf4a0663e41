// The list by keyboard: arrows, Home and End go from row to row; the menu key opens a row's actions.

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

document.querySelector("#side")?.addEventListener("keydown", (event) => {
  const link = event.target.closest(".row__link");
  const step = STEPS[event.key];
  if (!link || !step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const links = [...link.closest(".side__list").querySelectorAll(".row__link")];
  const place = Math.min(links.length - 1, Math.max(0, links.indexOf(link) + step));
  links[place].focus();
});
