// Files of a rule: rows are added and put in order, and what is chosen is shown before it is sent.

/** Makes the rows of `root` work. */
export function editMedias(root) {
  const list = root.querySelector("[data-medias-list]");
  const empty = root.querySelector("[data-medias-empty]");
  const total = root.querySelector("[name$=-TOTAL_FORMS]");
  const add = root.querySelector("[data-medias-add]");
  for (const row of list.querySelectorAll("[data-media]")) prepare(row);
  number(list);
  if (!empty) return;
  add.hidden = false;
  add.querySelector("button").addEventListener("click", () => {
    const html = empty.innerHTML.replaceAll("__prefix__", total.value);
    list.insertAdjacentHTML("beforeend", html);
    total.value = String(Number(total.value) + 1);
    const row = list.lastElementChild;
    prepare(row);
    number(list);
    row.querySelector("input[type=file]").focus();
  });
}

/** Open for kinds that send a file; what is there stays to be seen. */
export function openMedias(root, isWanted) {
  const details = root.querySelector("[data-medias-details]");
  const hasSome = root.querySelector("[data-media]:not([hidden])") !== null;
  details.open = isWanted || hasSome;
  if (isWanted && !hasSome) root.querySelector("[data-medias-add] button")?.click();
  if (isWanted) document.activeElement?.closest("[data-medias]") && document.activeElement.blur();
}

function prepare(row) {
  const file = row.querySelector("input[type=file]");
  const gone = row.querySelector("[name$=-DELETE]");
  file.addEventListener("change", () => show(row, file.files[0]));
  if (gone) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "opt-remove";
    remove.textContent = "✕";
    remove.title = remove.ariaLabel = gone.closest("label").textContent.trim();
    remove.addEventListener("click", () => {
      gone.checked = true;
      row.hidden = true;
      gone.dispatchEvent(new Event("change", { bubbles: true }));
    });
    gone.closest("label").hidden = true;
    row.prepend(remove);
    if (gone.checked) row.hidden = true;
  }
  row.querySelector(".rule-media__position").hidden = true;
}

function number(list) {
  [...list.querySelectorAll("[data-media]")].forEach((row, at) => {
    const position = row.querySelector("[name$=-position]");
    if (position) position.value = String(at);
  });
}

function show(row, file) {
  const place = row.querySelector("[data-media-shown]");
  place.replaceChildren();
  if (!file) return;
  if (file.type.startsWith("image/")) {
    const image = document.createElement("img");
    image.alt = "";
    image.src = URL.createObjectURL(file);
    place.append(image);
  }
  place.append(file.name);
}
