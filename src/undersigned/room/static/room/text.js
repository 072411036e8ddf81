// The words of a page over its picture: transparent, selectable, in reading order, fields between the lines where they stand.
import { pageAt, pages, words } from "./pages.js";

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
    line.style.fontSize = `${(height * page.height) / page.width}cqw`;
    line.dataset.width = width;
    line.dataset.middle = top + height / 2;
    layer.append(line);
  }
  if (!lines.length) {
    const note = document.createElement("p");
    note.className = "visually-hidden";
    note.textContent = words.scanWords;
    layer.append(note);
  }
  for (const place of page.places) {
    const link = document.getElementById(`place-${place.number}`);
    if (link === document.activeElement) continue; // moving it would take the focus away
    layer.insertBefore(link, [...layer.children].find((line) => line.dataset.middle > place.middle) ?? null);
  }
  page.element.append(layer);
  fit(page);
}

// Stretch each line to the width that it has in the picture, so that a selection covers what one sees.
function fit(page) {
  const lines = [...page.element.querySelectorAll(".text-layer p[data-width]")];
  const total = page.element.clientWidth;
  const widths = lines.map((line) => line.scrollWidth);
  lines.forEach((line, i) => {
    if (widths[i]) line.style.transform = `scaleX(${((line.dataset.width / 100) * total) / widths[i]})`;
  });
}

async function load(page) {
  if (page.asked) return;
  page.asked = true;
  try {
    const answer = await fetch(page.text, { credentials: "same-origin" });
    if (answer.ok) lay(page, (await answer.json()).lines);
  } catch {
    page.asked = false; // no connection: asked again when the page comes by next time
  }
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) load(pageAt(target));
}, { rootMargin: "50% 0px" });
for (const page of pages) near.observe(page.element);
new ResizeObserver(() => pages.filter((page) => page.asked).forEach(fit)).observe(document.getElementById("sheets"));
