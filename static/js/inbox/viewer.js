// Pictures and videos of a thread, large: arrows lead to the others, + and - come nearer, Esc leaves.
// What can be seen is [data-view=image|video] with href, data-file, data-name and data-save.

const NEAREST = 4;
let dialog = null;
let shown = null; // the link in the thread
let nearness = 1;

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-log] [data-view]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  open(link);
});

function open(link) {
  dialog?.remove(); // of another chat
  const source = link.closest("wa-thread").querySelector("[data-viewer]");
  dialog = source.content.firstElementChild.cloneNode(true);
  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("click", onClick);
  dialog.addEventListener("close", leave);
  document.getElementById("layer").append(dialog);
  show(link);
  dialog.showModal();
}

function all() { return [...document.querySelectorAll("[data-log] [data-view]")]; }

function show(link) {
  shown = link;
  const { view, name, save } = link.dataset;
  const made = document.createElement(view === "video" ? "video" : "img");
  made.className = "viewer__shown";
  if (view === "video") { made.controls = true; made.autoplay = true; } else made.alt = name;
  made.src = link.href;
  part("stage").replaceChildren(made);
  part("name").textContent = name;
  part("count").textContent = `${all().indexOf(link) + 1} / ${all().length}`;
  part("download").href = save;
  part("download").setAttribute("download", name);
  part("previous").disabled = !neighbour(-1);
  part("next").disabled = !neighbour(1);
  for (const button of dialog.querySelectorAll("[data-zoom]")) button.hidden = view === "video";
  comeNear(1);
}

function part(name) { return dialog.querySelector(`[data-part=${name}]`); }

function neighbour(step) {
  const links = all();
  return links[links.findIndex((link) => link.dataset.file === shown.dataset.file) + step];
}

function go(step) {
  const link = neighbour(step);
  if (link) show(link);
}

/** By the object model: the page's policy allows no style attribute. */
function comeNear(much) {
  nearness = Math.min(Math.max(much, 1), NEAREST);
  const stage = part("stage");
  stage.firstElementChild.style.setProperty("--near", nearness);
  stage.classList.toggle("is-near", nearness > 1);
  stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
}

function onKey(event) {
  if (event.target.localName === "video" && event.key.startsWith("Arrow")) return; // it seeks
  const act = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    "+": () => comeNear(nearness * 2),
    "-": () => comeNear(nearness / 2),
    0: () => comeNear(1),
  }[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
}

function onClick(event) {
  const step = event.target.closest("[data-step]");
  const zoom = event.target.closest("[data-zoom]");
  if (step) go(Number(step.dataset.step));
  else if (zoom) comeNear(nearness * Number(zoom.dataset.zoom));
  else if (event.target.localName === "img") comeNear(nearness > 1 ? 1 : 2);
  else if (event.target === part("stage")) dialog.close();
}

function leave() {
  const link = all().find((one) => one.dataset.file === shown.dataset.file) ?? shown;
  dialog.remove();
  dialog = null;
  link.scrollIntoView({ block: "nearest" });
  link.focus({ preventScroll: true });
}
