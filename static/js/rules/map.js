// The map of the rules. Moving is the browser's own scrolling, also by touch and arrow keys; this
// adds dragging, zooming, and the lines of the step that is pointed at.

const [LEAST, MOST, STEP] = [0.25, 2.5, 1.25];
const [READABLE, LOWEST] = [0.85, 300]; // scale at the start, pixels of the view

const map = document.querySelector("[data-map]");
if (map) {
  const view = map.querySelector("[data-view]");
  const flow = view.querySelector("[data-flow]");
  const zoom = zooming(view, flow);
  map.querySelector("[data-zoom-tools]").hidden = false;
  map.addEventListener("click", (event) => zoom.by(event.target.closest("[data-zoom]")?.dataset.zoom));
  wheeling(view, zoom);
  keys(view, zoom);
  dragging(view);
  lighting(view, flow);
  zoom.start();
}

function zooming(view, flow) {
  const { width, height } = flow.viewBox.baseVal;
  let scale = 1;

  /** Keep what is at `x`, `y` of the view where it is. */
  const to = (wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) => {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const [left, top] = [(view.scrollLeft + x) / scale, (view.scrollTop + y) / scale];
    scale = next;
    flow.setAttribute("width", width * scale);
    flow.setAttribute("height", height * scale);
    view.scrollTo(left * scale - x, top * scale - y);
  };
  const whole = () => Math.min(1, view.clientWidth / width, view.clientHeight / height);
  return {
    to,
    times: (factor, x, y) => to(scale * factor, x, y),
    by: (what) => {
      if (what === "in") to(scale * STEP);
      if (what === "out") to(scale / STEP);
      if (what === "fit") to(whole());
    },
    start: () => {
      to(Math.max(READABLE, Math.min(1, view.clientWidth / width)));
      view.style.height = `${Math.max(LOWEST, view.offsetHeight)}px`; // it stays so when zooming
      const asked = flow.querySelector(".map-step--asked, .map-step--initial");
      if (!asked) return;
      const [box, frame] = [asked.getBoundingClientRect(), view.getBoundingClientRect()];
      view.scrollBy(
        Math.min(0, box.left - frame.left - 40) || Math.max(0, box.right - frame.right + 40),
        box.top - frame.top - (view.clientHeight - box.height) / 2,
      );
    },
  };
}

/** The wheel scrolls as everywhere; with Ctrl, or two fingers on a touchpad, it zooms. */
function wheeling(view, zoom) {
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = view.getBoundingClientRect();
    zoom.times(Math.exp(-event.deltaY / 300), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
}

function keys(view, zoom) {
  const meaning = { "+": "in", "=": "in", "-": "out", 0: "fit" };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in meaning)) return;
    event.preventDefault();
    zoom.by(meaning[event.key]);
  });
  view.addEventListener("focusin", (event) => {
    event.target.closest?.("[data-step]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

/** With a mouse; a finger scrolls by itself. A drag is no click on the step under it. */
function dragging(view) {
  let from = null;
  let moved = false;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    moved ||= Math.hypot(x, y) > 4;
    if (!moved) return;
    view.classList.add("map__view--dragged");
    view.scrollTo(from.left - x, from.top - y);
  });
  addEventListener("pointerup", () => {
    from = null;
    setTimeout(() => { moved = false; }); // after the click that a drag may end with
    view.classList.remove("map__view--dragged");
  });
  view.addEventListener("dragstart", (event) => event.preventDefault());
  view.addEventListener("click", (event) => { if (moved) event.preventDefault(); }, true);
}

/** The lines of the step under the pointer or in focus stand out. */
function lighting(view, flow) {
  const light = (event) => {
    const leaves = event.type === "pointerleave" || event.type === "focusout";
    const at = leaves ? event.relatedTarget : event.target;
    const step = at?.closest?.("[data-step]");
    const line = at?.closest?.("[data-from]");
    flow.classList.toggle("map__flow--lit", Boolean(step || line));
    for (const each of flow.querySelectorAll("[data-from]")) {
      const { from, to } = each.dataset;
      const name = step?.dataset.step;
      const own = line && from === line.dataset.from && to === line.dataset.to;
      each.classList.toggle("lit", Boolean(own || (step && (from === name || to === name))));
    }
  };
  // on the view: listening for focus makes an svg one more stop of the Tab key
  for (const moved of ["pointerover", "pointerleave", "focusin", "focusout"]) {
    view.addEventListener(moved, light);
  }
}
