// The trial phone: after each word the newest answer is in sight and the field ready for the next.

import "../csrf.js";

const find = (what) => document.querySelector(`#simulator [data-${what}]`);

function showNewest() {
  const thread = find("thread");
  const own = thread?.querySelectorAll(".wa-bubble--own");
  const last = own?.[own.length - 1];
  if (!last) { thread?.scrollTo(0, 0); return; }
  thread.scrollTop = last.offsetTop - thread.offsetTop - 12;
}

/** Not on a touch screen, whose keyboard would hide half the phone. */
function readyToWrite() {
  if (matchMedia("(hover: hover)").matches) find("text").focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "simulator") return;
  showNewest();
  readyToWrite();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("#simulator [data-start]")) find("reset").click();
});

document.addEventListener("keydown", (event) => {
  const menu = find("attach");
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (event.key === "Enter" && event.target.matches("#simulator [data-name]")) {
    event.preventDefault();
    event.target.form.querySelector('[value="save"]').click();
  }
});

showNewest();
readyToWrite();
