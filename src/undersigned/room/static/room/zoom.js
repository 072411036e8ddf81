// Zoom from 50 to 300 %, fit width, fit page; what is in the middle stays in the middle. Pinch and Ctrl +/- are the browser's own.
import { current, pages, show } from "./pages.js";
import { resized } from "./pictures.js";

const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3];
const viewer = document.getElementById("viewer");
const sheets = document.getElementById("sheets");
const bar = document.getElementById("bar");
const toolbar = document.querySelector(".toolbar");
let zoom = 1;

// The part of the window in which pages are seen: between toolbar and bar.
function window_() {
  const across = viewer.getBoundingClientRect();
  const low = bar.getBoundingClientRect();
  const bottom = low.width > across.width / 2 ? low.top : innerHeight; // on a phone's side the bar stands beside
  const top = toolbar.getBoundingClientRect().bottom;
  return { x: across.left + across.width / 2, y: (top + bottom) / 2, height: bottom - top };
}

function middle({ y }) {
  const under = pages.find(({ element }) => {
    const box = element.getBoundingClientRect();
    return box.top <= y && box.bottom >= y;
  });
  return (under ?? current ?? pages[0]).element;
}

function setZoom(next) {
  const seen = window_();
  const page = middle(seen);
  const before = page.getBoundingClientRect();
  zoom = Math.min(Math.max(next, STEPS[0]), STEPS.at(-1));
  sheets.style.setProperty("--zoom", zoom);
  const after = page.getBoundingClientRect();
  viewer.scrollLeft += after.left + ((seen.x - before.left) / before.width) * after.width - seen.x;
  scrollBy({ top: after.top + ((seen.y - before.top) / before.height) * after.height - seen.y, behavior: "instant" });
  viewer.tabIndex = viewer.scrollWidth > viewer.clientWidth ? 0 : -1; // what scrolls can be reached by keyboard
  document.getElementById("zoom-value").textContent = `${Math.round(zoom * 100)} %`;
  resized();
}

toolbar.addEventListener("click", (event) => {
  const step = Number(event.target.closest("[data-zoom]")?.dataset.zoom);
  if (step > 0) setZoom(STEPS.find((each) => each > zoom + 0.01) ?? zoom);
  if (step < 0) setZoom(STEPS.findLast((each) => each < zoom - 0.01) ?? zoom);
  const fit = event.target.closest("[data-fit]")?.dataset.fit;
  if (!fit) return;
  const { width, height } = (current ?? pages[0]).element.getBoundingClientRect();
  const style = getComputedStyle(viewer);
  const room = viewer.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd);
  const page = current;
  setZoom(fit === "width" ? (zoom * room) / width : (zoom * (window_().height - 16)) / height);
  if (fit === "page" && page) show(page);
});
document.getElementById("dim").addEventListener("change", (event) => sheets.classList.toggle("dim", event.target.checked));
new ResizeObserver(resized).observe(viewer);
