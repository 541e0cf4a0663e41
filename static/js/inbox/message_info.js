// "Información": a dialog with who wrote a message and when it came how far.

import { fetchHtml } from "../net.js";
import { toast } from "./toast.js";

export async function showMessageInfo(bubble) {
  const { url, lost } = bubble.closest("wa-thread").dataset;
  try {
    const { html } = await fetchHtml(`${url}/${bubble.dataset.id}/info`);
    show(html, bubble);
  } catch {
    toast(lost, { retry: () => showMessageInfo(bubble) });
  }
}

function show(html, bubble) {
  const dialog = document.createElement("dialog");
  dialog.className = "info";
  dialog.setAttribute("aria-labelledby", "info-title");
  dialog.innerHTML = html;
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    dialog.remove();
    document.getElementById(bubble.id)?.focus({ preventScroll: true });
  });
  document.getElementById("layer").append(dialog);
  dialog.showModal();
}
