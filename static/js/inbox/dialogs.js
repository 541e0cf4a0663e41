// Dialogs that a page brings in templates: opened over everything, focus goes back when they close.

/** Open a copy of the template; closed by Esc, by its [data-close] and by a click outside. */
export function openDialog(holder, name) {
  const back = document.activeElement;
  const dialog = holder.querySelector(`template[data-dialog=${name}]`).content.firstElementChild.cloneNode(true);
  document.getElementById("layer").append(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => { dialog.remove(); back?.focus?.(); });
  dialog.showModal();
  return dialog;
}

/** The refusal of a form in a dialog; empty hides it. */
export function refuse(form, text) {
  const said = form.querySelector("[data-refusal]");
  said.textContent = text;
  said.hidden = !text;
}
