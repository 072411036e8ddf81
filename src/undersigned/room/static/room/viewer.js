// The pages as pictures: counter, zoom, text layer, thumbnails by arrow keys. Without this the pictures still load.
const main = document.querySelector("main.reader");
const viewer = document.getElementById("viewer");
const sheets = document.getElementById("sheets");
const pages = [...sheets.querySelectorAll(".sheet-page")];
const status = document.getElementById("status");
const nameShown = document.getElementById("current-name");
const pageShown = document.getElementById("current-page");

for (const each of document.querySelectorAll("[data-no-script]")) each.remove(); // the layer over the picture says it

const words = (page) =>
  main.dataset.pageWords.replace("{n}", page.dataset.number).replace("{total}", page.dataset.total);

// --- text layer: transparent lines over the picture, in reading order -------------------------------
function lay(page, lines) {
  const layer = document.createElement("div");
  layer.className = "text-layer";
  for (const [text, left, top, width, height] of lines) {
    const line = document.createElement("p");
    line.textContent = text;
    line.dir = "auto";
    line.style.left = `${left}%`;
    line.style.top = `${top}%`;
    // Height in percent of the page's height, told in its width, which is what container units know.
    const image = page.querySelector("img");
    line.style.fontSize = `${(height * image.getAttribute("height")) / image.getAttribute("width")}cqw`;
    line.dataset.width = width;
    layer.append(line);
  }
  if (!lines.length) {
    const note = document.createElement("p");
    note.className = "visually-hidden";
    note.textContent = main.dataset.scanWords;
    layer.append(note);
  }
  page.append(layer);
  fit(page);
}

// Stretch each line to the width that it has in the picture, so that a selection covers what one sees.
function fit(page) {
  const lines = [...page.querySelectorAll(".text-layer p[data-width]")];
  const total = page.clientWidth;
  const widths = lines.map((line) => line.scrollWidth);
  lines.forEach((line, i) => {
    if (widths[i]) line.style.transform = `scaleX(${(line.dataset.width / 100) * total / widths[i]})`;
  });
}

async function loadText(page) {
  if (page.dataset.asked) return;
  page.dataset.asked = "1";
  try {
    const answer = await fetch(page.dataset.text, { credentials: "same-origin" });
    if (answer.ok) lay(page, (await answer.json()).lines);
  } catch {
    delete page.dataset.asked; // no connection: asked again when the page comes by next time
  }
}

// --- which page is in sight ---------------------------------------------------------------------------
const thumbs = [...document.querySelectorAll("#thumbs a")];
let current = null;
let rest = 0;

function arriveAt(page) {
  if (page === current) return;
  const first = current === null;
  current = page;
  nameShown.textContent = page.dataset.name;
  pageShown.textContent = `${page.dataset.number} / ${page.dataset.total}`;
  for (const [i, thumb] of thumbs.entries()) {
    const here = pages[i] === page;
    thumb.toggleAttribute("aria-current", here);
    if (here) thumb.setAttribute("aria-current", "page");
    thumb.tabIndex = here ? 0 : -1;
    if (here && !first && thumb.offsetParent) {
      const box = document.getElementById("thumbs");
      const at = thumb.offsetTop - box.offsetTop;
      if (at < box.scrollTop || at + thumb.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = at - 40;
    }
  }
  clearTimeout(rest);
  if (!first) rest = setTimeout(() => (status.textContent = words(page)), 1000);
}

const inSight = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) inSight.set(entry.target, entry.isIntersecting ? entry.intersectionRect.height : 0);
  let best = null;
  for (const page of pages) if ((inSight.get(page) || 0) > (best ? inSight.get(best) : 0)) best = page;
  if (best) arriveAt(best);
}, { threshold: [0, 0.25, 0.5, 0.75, 1] });
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) loadText(entry.target);
}, { rootMargin: "50% 0px" });
for (const page of pages) {
  seen.observe(page);
  near.observe(page);
}

// Thumbnails are one tab stop; arrows go from page to page.
document.getElementById("thumbs").addEventListener("keydown", (event) => {
  const at = thumbs.indexOf(event.target.closest("a"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: thumbs.length - 1 }[event.key];
  if (at < 0 || to === undefined || !thumbs[to]) return;
  event.preventDefault();
  thumbs[to].tabIndex = 0;
  thumbs[to].focus();
});

// --- zoom: 50 to 300 %; what is in the middle stays in the middle ---------------------------------------
const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3];
let zoom = 1;

function setZoom(next) {
  const before = sheets.getBoundingClientRect();
  const across = (viewer.clientWidth / 2 + viewer.scrollLeft) / viewer.scrollWidth;
  const down = (innerHeight / 2 - before.top) / before.height;
  zoom = next;
  sheets.style.setProperty("--zoom", zoom);
  const after = sheets.getBoundingClientRect();
  viewer.scrollLeft = across * viewer.scrollWidth - viewer.clientWidth / 2;
  scrollBy({ top: down * after.height - (innerHeight / 2 - after.top), behavior: "instant" });
  viewer.tabIndex = viewer.scrollWidth > viewer.clientWidth ? 0 : -1; // what scrolls can be reached by keyboard
  for (const image of sheets.querySelectorAll("img")) image.sizes = `${Math.round(after.width)}px`;
  const shown = `${Math.round(zoom * 100)} %`;
  document.getElementById("zoom-value").textContent = shown;
}

document.getElementById("zoom").hidden = false;
document.getElementById("zoom").addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (!button) return;
  const at = STEPS.indexOf(zoom) + Number(button.dataset.zoom);
  if (STEPS[at]) setZoom(STEPS[at]);
});
new ResizeObserver(() => pages.forEach(fit)).observe(sheets);

// --- menu and connection --------------------------------------------------------------------------------
const menu = document.querySelector(".menu");
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});
const offline = document.getElementById("offline");
const connection = () => {
  offline.hidden = navigator.onLine;
  document.getElementById("alert").textContent = navigator.onLine ? "" : offline.textContent.trim();
};
addEventListener("online", connection);
addEventListener("offline", connection);
