// Files dropped over the chat or pasted into it go to its reply box.

export function watchDrops(composer, pane, add) {
  const zone = document.createElement("div");
  zone.className = "drop-zone";
  zone.textContent = composer.dataset.wordsDrop;
  zone.hidden = true;
  pane.append(zone);
  let depth = 0;
  const brings = (event) => !composer.isClosed && [...(event.dataTransfer?.types ?? [])].includes("Files");
  pane.addEventListener("dragenter", (event) => { if (brings(event)) { depth += 1; zone.hidden = false; } });
  pane.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); zone.hidden = depth === 0; });
  pane.addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
  pane.addEventListener("drop", (event) => {
    depth = 0;
    zone.hidden = true;
    if (!brings(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  composer.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || composer.isClosed) return;
    event.preventDefault();
    add(files.map((file) => named(file)));
  });
}

/** A pasted picture is called image.png, whatever it is: the day and hour tell them apart. */
function named(file) {
  if (file.name !== "image.png") return file;
  const when = new Date().toLocaleString("sv").replace(/\W/g, "-");
  return new File([file], `imagen-${when}.png`, { type: file.type });
}
