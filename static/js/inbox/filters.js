// Tabs, filters and their chips: a change tells the list to ask anew.

const form = document.querySelector("[data-filters]");
const changed = () => document.dispatchEvent(new CustomEvent("wa:filters"));

form?.addEventListener("change", changed);
form?.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", ({ target }) => {
  const clear = target.closest("[data-clear]")?.dataset.clear;
  if (clear) empty(clear);
  const tab = target.closest("[data-tab]")?.dataset.tab;
  if (tab) form.elements.vista.value = tab;
  if (clear || tab) changed();
});

function empty(names) {
  const fields = names === "all" ? [...form.elements] : [...form.querySelectorAll(`[name="${names}"]`)];
  for (const field of fields) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.type !== "radio" && "value" in field) field.value = "";
  }
  document.querySelector("[data-filters] input:checked")?.focus();
}
