// Pictures of pages near the one in sight; sharper ones where there is room and a good line; few at a time on phones.
import { pageAt, pages } from "./pages.js";

const MOST = 20; // decoded pictures on a phone: each takes megabytes
const sheets = document.getElementById("sheets");
const phone = matchMedia("(max-width: 47.99rem)");
const slow = () => navigator.connection?.saveData || /2g|3g/.test(navigator.connection?.effectiveType ?? "");
const loaded = new Set(); // the one shown last comes last
const around = new Set(); // what is in sight or will be soon

function show(page) {
  const width = Math.round(sheets.getBoundingClientRect().width);
  const pixels = width * Math.min(devicePixelRatio || 1, 3);
  // 1000 is enough for a phone's whole page; beyond comes with zoom or a large screen.
  const most = width > innerWidth || !phone.matches ? (pixels > 1600 ? 2400 : 1600) : 1000;
  const sizes = [600, 1000, 1600, 2400].filter((size) => size <= most && (size <= 1000 || !slow()));
  page.image.loading = "eager";
  page.image.sizes = `${width}px`;
  const set = sizes.map((size) => `${page.pictures(size)} ${size}w`).join(", ");
  if (page.image.srcset !== set) page.image.srcset = set;
  loaded.delete(page);
  loaded.add(page);
}

function trim() {
  if (!phone.matches) return;
  const idle = [...loaded].filter((page) => !around.has(page));
  for (const page of idle.slice(0, Math.max(0, loaded.size - MOST))) {
    page.image.removeAttribute("srcset");
    page.image.removeAttribute("src");
    loaded.delete(page);
  }
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    const page = pageAt(target);
    if (isIntersecting) {
      around.add(page);
      show(page);
    } else around.delete(page);
  }
  trim();
}, { rootMargin: "150% 0px" });

// The first picture comes small, so that it is there soon; then all get what the screen can show.
const begin = () => {
  for (const page of pages) if (page.image.getAttribute("src")) loaded.add(page); // came with the markup
  for (const page of pages) near.observe(page.element);
};
const first = pages.find((page) => page.image.getAttribute("src"))?.image;
if (!first || first.complete || location.hash) begin();
else for (const end of ["load", "error"]) first.addEventListener(end, begin, { once: true });

export function resized() {
  for (const page of [...loaded]) show(page);
}
