// Forms whose answer may lead out of this site: sent by script, which is told where to go, however many redirects follow there.
for (const form of document.querySelectorAll("form[data-onward]"))
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented || form.dataset.sent) return event.preventDefault(); // pressed twice
    event.preventDefault();
    form.dataset.sent = "yes";
    const pressed = event.submitter?.name ? [[event.submitter.name, event.submitter.value]] : [];
    const body = new FormData(form);
    for (const [name, value] of pressed) body.append(name, value);
    document.documentElement.dataset.busy = "leaving"; // what changes now is our own doing
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { "X-Room-Script": "1" } });
      if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) return location.assign((await answer.json()).go);
      if (answer.redirected) {
        if (answer.url.split("#")[0] === location.href.split("#")[0]) return location.reload();
        return location.assign(answer.url);
      }
    } catch {
      // no connection: the browser says so, below
    }
    // Anything else is a page about this very form: sent again, the usual way, it has no further effect.
    for (const [name, value] of pressed) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  });
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from there: the server knows how things stand
});
