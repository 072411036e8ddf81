// While a page stays open: asks how things stand, says when the time is nearly over, and when the documents have changed.
const box = document.getElementById("sitting");
const idle = document.getElementById("idle");
const news = document.getElementById("news");
const WARN = 120; // seconds before the end
const EVERY = 15000;
let until = Date.now() + Number(box.dataset.left) * 1000;
let active = 0; // when the person last did something that the server has not heard of

async function ask() {
  const query = new URLSearchParams({ revision: box.dataset.revision, digest: box.dataset.digest });
  try {
    const answer = await fetch(`${box.dataset.state}?${query}`, { credentials: "same-origin", redirect: "error" });
    const told = await answer.json();
    until = Date.now() + told.left * 1000;
    if (told.news) tell(told.news);
  } catch {
    // no connection, or the room is gone: the next page says so
  }
}

function tell({ heading, text, go }) {
  if (news.open || document.documentElement.dataset.busy) return; // busy: the answer is on its way
  document.getElementById("news-name").textContent = heading;
  document.getElementById("news-text").textContent = text;
  news.querySelector("a").textContent = go;
  if (idle.open) idle.close();
  news.showModal();
  document.getElementById("news-name").focus();
}
news.addEventListener("cancel", (event) => event.preventDefault());

async function stay() {
  active = 0;
  const token = box.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const answer = await fetch(box.dataset.stay, { method: "POST", credentials: "same-origin", redirect: "error", headers: { "X-CSRFToken": token } });
    until = Date.now() + (await answer.json()).left * 1000;
  } catch {
    // no connection: the time goes on
  }
}
idle.addEventListener("close", stay); // by the button or Escape: the person is there

for (const kind of ["pointerdown", "keydown", "scroll", "input"])
  addEventListener(kind, () => (active = Date.now()), { passive: true, capture: true });

setInterval(() => {
  const left = (until - Date.now()) / 1000;
  if (active && left < 1500 && !idle.open) stay(); // told at most every five minutes
  else if (left <= 0) location.assign(box.dataset.home);
  else if (left <= WARN && !idle.open && !news.open) {
    idle.showModal();
    document.getElementById("idle-name").focus();
  }
}, 1000);
let asked = Date.now();
setInterval(() => {
  if (document.hidden && Date.now() - asked < 4 * EVERY) return;
  asked = Date.now();
  ask();
}, EVERY);
addEventListener("visibilitychange", () => document.hidden || ask());
