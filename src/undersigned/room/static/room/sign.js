// The last press: answers at once, is sent once, and is asked again with the same key when the connection breaks.
const form = document.getElementById("sign-form");
const signing = document.getElementById("signing");
const unclear = document.getElementById("unclear");
const button = form.querySelector("[data-busy]");
let body = null; // what was sent; kept, so that asking again is the same request

function show(part) {
  for (const each of [form, signing, unclear]) each.hidden = each !== part;
  part.querySelector("h1").focus();
  scrollTo(0, 0);
}

async function send() {
  show(signing);
  document.documentElement.dataset.busy = "signing"; // what changes now is our own doing
  let answer, page;
  try {
    answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { "X-Room-Script": "1" } });
    page = await answer.text();
  } catch {
    return show(unclear);
  }
  if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) return location.assign(JSON.parse(page).go);
  if (answer.redirected) return location.assign(answer.url);
  if (answer.status >= 500 && answer.status !== 503) return show(unclear);
  replace(new DOMParser().parseFromString(page, "text/html"));
}

// Not signed: show the server's page in place; the words come from there.
function replace(page) {
  const next = page.getElementById("sign-form");
  delete document.documentElement.dataset.busy;
  document.title = page.title;
  if (next) {
    body = null;
    form.innerHTML = next.innerHTML;
    show(form);
    bind();
    form.querySelector("[data-focus]")?.focus();
  } else {
    document.getElementById("main").replaceWith(page.getElementById("main"));
    document.querySelector("main h1").focus();
  }
}

function bind() {
  const press = form.querySelector("[data-busy]");
  press.removeAttribute("aria-disabled");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (body) return; // pressed twice
  body = new FormData(form);
  const press = form.querySelector("[data-busy]") ?? button;
  press.setAttribute("aria-disabled", "true");
  press.querySelector("span").textContent = press.dataset.busy;
  send();
});
document.getElementById("check-now").addEventListener("click", send);
addEventListener("online", () => {
  if (!unclear.hidden) send();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from the next page: the server knows whether it is signed
});
