// Checks in place, so that the chosen files are still at hand for the report and the signed versions. Without this, the pages ask again.
const status = document.getElementById("status");
let chosen = null; // the form that was checked

function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  document.getElementById("main").replaceWith(page.getElementById("main"));
  const again = document.querySelector("[data-again]");
  if (again) again.querySelector("[data-files]").remove();
  (document.querySelector("#main [data-focus]") ?? document.querySelector("#main h1")).focus();
}

function save(blob, header) {
  const named = /filename\*=utf-8''([^;]+)/i.exec(header) ?? /filename="([^"]+)"/i.exec(header);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = named ? decodeURIComponent(named[1]) : "check";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const again = form.matches("[data-again]");
  if (!again && !form.matches("[data-check]")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return; // pressed twice
  form.ariaBusy = "true";
  status.textContent = form.dataset.busy;
  if (!again) chosen = new FormData(form);
  const body = again ? new FormData() : chosen;
  if (again) {
    for (const [name, value] of chosen) if (name !== "get") body.set(name, value);
    body.set("get", event.submitter.value);
  }
  const label = event.submitter?.querySelector("span");
  const words = label?.textContent;
  if (label) label.textContent = form.dataset.busy;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const header = answer.headers.get("Content-Disposition");
    if (header) {
      save(await answer.blob(), header);
      status.textContent = form.dataset.done;
    } else {
      status.textContent = "";
      if (!again) history.pushState({}, "");
      show(await answer.text());
    }
  } catch {
    form.removeAttribute("data-check"); // no connection: the browser says so in its own words
    if (!again) return form.submit();
    status.textContent = "";
  } finally {
    form.ariaBusy = "false";
    if (label) label.textContent = words;
  }
});
addEventListener("popstate", () => location.reload());
