// Django's CSRF token as it is now. Logging in, also in another tab, changes it: a page that kept
// the one it was loaded with would be refused until it is reloaded.

export function csrfToken() {
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get") return;
  event.detail.parameters.csrfmiddlewaretoken = csrfToken();
});
