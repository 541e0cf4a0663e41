// The import page: a big sheet takes seconds, so say that it is being read and take no second click.

for (const form of document.querySelectorAll("form[data-working]")) {
  form.addEventListener("submit", () => {
    const said = form.querySelector("[role=status]");
    said.textContent = form.dataset.working;
    form.setAttribute("aria-busy", "true");
    // After the browser has gathered the form, which leaves disabled buttons out.
    setTimeout(() => {
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
    });
  });
}

// Back from the next page: the browser may show this one as it was left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-working]")) {
    form.removeAttribute("aria-busy");
    form.querySelector("[role=status]").textContent = "";
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
  }
});
