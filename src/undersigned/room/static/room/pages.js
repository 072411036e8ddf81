// All pages in the markup: those that came with it, and empty ones of the right size for the others; page counter, jump, thumbnails.
const main = document.querySelector("main.reader");
const sheets = document.getElementById("sheets");
const manifest = JSON.parse(document.getElementById("manifest").textContent);
const status = document.getElementById("status");
const thumbs = document.getElementById("thumbs");

export const pages = []; // {element, image, document, number, total, name, width, height, places, pictures, text}
export const words = main.dataset;
export const fill = (text, values) => text.replace(/{(\w+)}/g, (_, key) => values[key]);

for (const each of document.querySelectorAll("[data-no-script]")) each.remove(); // the layer over the picture says it
const others = document.getElementById("places").content;
const model = sheets.querySelector(".document");

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function section(number, { name, words: text, file }) {
  const known = document.getElementById(`d-${number}`);
  if (known) return known;
  const head = model.querySelector(".document-head").cloneNode(true);
  const heading = head.querySelector("h2");
  heading.textContent = name;
  heading.id = `d-${number}-name`;
  [...head.querySelectorAll("a")].forEach((link, i) => {
    link.href = [text, file][i];
    link.querySelector(".visually-hidden").textContent = ` ${name}`;
  });
  return make("section", { class: "document", id: `d-${number}`, "aria-labelledby": heading.id }, head);
}

manifest.documents.forEach((doc) => {
  const document_ = doc.number;
  const total = doc.sizes.reduce((sum, [, , many]) => sum + many, 0);
  const home = section(document_, doc);
  sheets.append(home);
  let last = 0;
  let before = home.querySelector(".document-head");
  for (const [width, height, many] of doc.sizes)
    for (let i = 0; i < many; i++) {
      const number = ++last;
      const id = `p-${document_}-${number}`;
      const label = fill(words.pageWords, { n: number, total });
      const element = document.getElementById(id) ?? make("section", { class: "sheet-page", id, "aria-label": label }, make("img", { width, height, alt: "", decoding: "async" }));
      if (!element.isConnected) before.after(element);
      before = element;
      element.style.aspectRatio = `${width} / ${height}`; // the place keeps its size while it is empty
      element.classList.add("placed");
      pages.push({
        element, document: document_, number, total, width, height, name: doc.name,
        image: element.querySelector("img"),
        places: manifest.places.map(([d, p, top, tall], at) => ({ d, p, number: at + 1, middle: top + tall / 2 })).filter((place) => place.d === document_ && place.p === number),
        pictures: (size) => `${doc.pictures}${number}-${size}.jpg`,
        text: `${doc.texts}${number}.json`,
      });
      for (const place of pages.at(-1).places) {
        const link = others.getElementById(`place-${place.number}`);
        if (link) element.append(document.adoptNode(link));
      }
      for (const box of others.querySelectorAll(`[data-on="${document_}-${number}"]`)) element.append(document.adoptNode(box));
    }
});

export const pageAt = (element) => pages.find((page) => page.element === element);
// At once: on the way the pages between would be loaded.
export const show = (page) => page.element.scrollIntoView({ block: "start", behavior: "instant" });

// --- thumbnails: one tab stop, arrows go from page to page; pictures by the screenful ------------------
const links = pages.map((page) => {
  const image = make("img", { width: page.width, height: page.height, alt: "", decoding: "async" });
  const mine = page.places.length ? [make("span", { class: "thumb-mine" }, words.mineWords)] : [];
  const link = make("a", { href: `#${page.element.id}`, tabindex: -1 }, image, make("span", { class: "number" }, String(page.number)), ...mine);
  link.setAttribute("aria-label", [fill(words.pageWords, { n: page.number, total: page.total }), ...page.places.slice(0, 1).map(() => words.mineWords)].join(", "));
  return link;
});
manifest.documents.forEach((doc) => {
  const list = make("ol", {}, ...links.filter((_, i) => pages[i].document === doc.number).map((link) => make("li", {}, link)));
  thumbs.append(make("h2", { class: "thumbs-name", dir: "auto" }, doc.name), list);
});
const lazy = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries)
    if (isIntersecting) {
      lazy.unobserve(target);
      target.querySelector("img").src = pages[links.indexOf(target)].pictures(160);
    }
}, { rootMargin: "300px 0px" });
for (const link of links) lazy.observe(link);
thumbs.addEventListener("keydown", (event) => {
  const at = links.indexOf(event.target.closest("a"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (at < 0 || to === undefined || !links[to]) return;
  event.preventDefault();
  links[to].focus();
});
thumbs.addEventListener("click", (event) => {
  const at = links.indexOf(event.target.closest("a"));
  if (at < 0) return;
  event.preventDefault();
  dispatchEvent(new CustomEvent("turned", { detail: pages[at] })); // a drawer closes first
  show(pages[at]);
});

// --- which page is in sight ------------------------------------------------------------------------
const field = document.querySelector("#jump input");
const total = document.getElementById("total");
const chooser = document.getElementById("document");
export let current = null;
let rest = 0;

function arriveAt(page) {
  if (page === current) return;
  const first = current === null;
  current = page;
  if (document.activeElement !== field) field.value = page.number;
  total.textContent = page.total;
  if (chooser) chooser.value = page.document;
  links.forEach((link, i) => {
    const here = pages[i] === page;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    link.tabIndex = here ? 0 : -1;
  });
  const link = links[pages.indexOf(page)];
  if (!first && link.offsetParent) {
    const at = link.offsetTop - thumbs.offsetTop;
    if (at < thumbs.scrollTop || at + link.offsetHeight > thumbs.scrollTop + thumbs.clientHeight) thumbs.scrollTop = at - 40;
  }
  clearTimeout(rest);
  if (!first) rest = setTimeout(() => (status.textContent = fill(words.pageWords, { n: page.number, total: page.total })), 1000);
}

const inSight = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) inSight.set(entry.target, entry.intersectionRect.height);
    else inSight.delete(entry.target);
  }
  const [best] = [...inSight].sort(([, a], [, b]) => b - a);
  if (best) arriveAt(pageAt(best[0]));
}, { threshold: [0, 0.25, 0.5, 0.75, 1] });
for (const page of pages) seen.observe(page.element);

document.getElementById("jump").addEventListener("submit", (event) => {
  event.preventDefault();
  jump();
});
field.addEventListener("change", jump);
field.addEventListener("focus", () => field.select());
function jump() {
  const wanted = Math.min(Math.max(Math.round(Number(field.value)) || current.number, 1), current.total);
  field.value = wanted;
  show(pages.find((page) => page.document === current.document && page.number === wanted));
}
chooser?.addEventListener("change", () => show(pages.find((page) => page.document === Number(chooser.value))));

// A page or field named in the address exists only now.
if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
addEventListener("hashchange", () => document.getElementById(location.hash.slice(1))?.scrollIntoView());
