// The editor of places: people as chips, pages as paper, the table as the store (rows.js). Without script the table does it all.
import { Paper, keepInside } from "./paper.js";
import { Rows, plain } from "./rows.js";

const NEW = { x: 10, y: 80, w: 30, h: 7.5 }; // the proportion of a signature on A4
const SIZES = { text: { w: 40, h: 4 }, clause: { w: 60, h: 6 } };
const FAR = 6; // pixels after which a press is a drag
const REST = 500; // milliseconds before a change is read out

class Editor {
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.state = root.querySelector("[data-state]");
    this.rows = new Rows(root.querySelector("[data-places]"), this.words, (text, bad) => this.say(text, bad));
    this.people = new Map();
    for (const chip of root.querySelectorAll("[data-chip]")) this.person(chip);
    this.places = this.rows.read().filter((place) => this.people.has(place.who));
    this.history = [];
    this.chosen = null;
    this.papers = [...root.querySelectorAll("[data-page]")].map((figure) => {
      const paper = new Paper(figure, this);
      paper.button = figure.querySelector("[data-add]");
      paper.button.hidden = false;
      paper.button.addEventListener("click", () => this.add(paper, this.free(paper.page), true));
      return paper;
    });
    this.detail = root.querySelector("[data-detail]");
    for (const control of this.detail?.querySelectorAll("[data-set]") ?? []) control.addEventListener("input", () => this.detailed(control));
    this.button("undo", () => this.undo());
    this.button("remove", () => this.remove(this.chosen));
    this.button("copyAll", () => this.copyToAll());
    this.rows.form.addEventListener("change", () => this.tableChanged());
    this.rows.form.addEventListener("submit", () => clearTimeout(this.rows.timer));
    document.addEventListener("click", (event) => this.leave(event));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.arm(false); });
    root.querySelector("[data-tools]").hidden = false;
    root.querySelector("[data-table]").open = Boolean(root.querySelector(".summary"));
    this.redraw();
    this.labels();
  }

  // --- people ----------------------------------------------------------------------------------
  person(chip) {
    const input = chip.querySelector("input");
    this.people.set(chip.dataset.chip, {
      name: chip.lastElementChild.textContent,
      initials: chip.querySelector(".initials").textContent,
      colour: [...chip.classList].find((c) => c.startsWith("who-")),
    });
    let dragged = false;
    input.addEventListener("click", () => { this.arm(!dragged); this.labels(); });
    chip.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      dragged = false;
      let ghost = null;
      const start = { x: event.clientX, y: event.clientY };
      const move = (now) => {
        if (!ghost && Math.hypot(now.clientX - start.x, now.clientY - start.y) < FAR) return;
        if (!ghost) {
          dragged = true;
          ghost = chip.querySelector(".initials").cloneNode(true);
          ghost.classList.add("ghost", ...chip.classList);
          document.body.append(ghost);
        }
        Object.assign(ghost.style, { left: `${now.clientX}px`, top: `${now.clientY}px` });
      };
      const end = (now) => {
        removeEventListener("pointermove", move);
        ghost?.remove();
        const sheet = ghost && now.type === "pointerup" && document.elementFromPoint(now.clientX, now.clientY)?.closest("[data-paper]");
        const paper = this.papers.find((p) => p.sheet === sheet);
        if (paper) { input.checked = true; this.labels(); this.add(paper, paper.at(now), false); }
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end, { once: true });
      addEventListener("pointercancel", end, { once: true });
    });
  }

  get who() { return this.root.querySelector("[name=chosen]:checked").value; }

  // What is to be there, where a place is not always a signature.
  extras() {
    const kind = this.root.querySelector("[name=chosen-kind]:checked")?.value;
    if (!kind) return {};
    const name = this.words[`word${kind[0].toUpperCase()}${kind.slice(1)}`] ?? "";
    const same = this.places.filter((p) => p.kind === kind).length;
    return { kind, text: name && (same ? `${name} ${same + 1}` : name), must: true, ...SIZES[kind] };
  }

  label(place) { return (place.kind ?? "signature") === "signature" ? this.people.get(place.who).initials : place.text; }

  detailed(control) {
    if (!this.chosen) return;
    this.before("keys", this.chosen);
    this.chosen[control.dataset.set] = control.type === "checkbox" ? control.checked : control.value;
    this.changed(this.chosen);
  }

  // The chosen place's own entries; what somebody is typing stays as it is.
  showDetail() {
    if (!this.detail) return;
    const kind = this.chosen?.kind;
    this.detail.hidden = kind !== "text" && kind !== "clause";
    for (const part of this.detail.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== kind;
    for (const control of this.detail.querySelectorAll(`[data-for="${kind}"] [data-set]`)) {
      if (control === document.activeElement) continue;
      const value = this.chosen[control.dataset.set];
      if (control.type === "checkbox") control.checked = value;
      else control.value = value;
    }
  }

  arm(on) { this.armed = on; this.root.classList.toggle("armed", on); }

  // --- places ----------------------------------------------------------------------------------
  clicked(paper, event) {
    if (this.armed) this.add(paper, paper.at(event), false);
    else this.choose(null);
  }

  // `at` is the middle for a pointer, the corner for a button.
  add(paper, at, corner) {
    if (this.places.length >= Number(this.words.most)) { this.say(this.words.wordMost, true); return; }
    this.before("add");
    const place = { who: this.who, page: paper.page, ...NEW, ...this.extras() };
    place.x = corner ? at.x : Math.round((at.x - place.w / 2) * 2) / 2;
    place.y = corner ? at.y : Math.round((at.y - place.h / 2) * 2) / 2;
    keepInside(place);
    this.places.push(place);
    this.arm(false);
    this.chosen = place;
    this.changed(place);
    paper.marks.get(place).focus({ preventScroll: !corner });
  }

  // A corner where nothing stands yet.
  free(page) {
    const at = { x: NEW.x, y: NEW.y };
    const taken = () => this.places.some((p) => p.page === page && Math.abs(p.x - at.x) < 1 && Math.abs(p.y - at.y) < 1);
    while (taken() && at.y > NEW.h) at.y -= 10;
    return at;
  }

  remove(place) {
    if (!place) return;
    this.before("remove");
    const paper = this.papers.find((p) => p.page === place.page);
    this.places = this.places.filter((p) => p !== place);
    this.chosen = null;
    this.changed(null);
    (this.places.length ? [...paper.marks.values()].at(-1) ?? paper.button : paper.button).focus();
    this.say(this.words.wordRemoved);
  }

  copyToAll() {
    const from = this.chosen;
    if (!from) return;
    const there = (page) => this.places.some((p) => p.page === page && p.who === from.who && p.x === from.x && p.y === from.y);
    const missing = this.papers.filter((paper) => !there(paper.page));
    if (this.places.length + missing.length > Number(this.words.most)) { this.say(this.words.wordMost, true); return; }
    this.before("copy");
    for (const paper of missing) this.places.push({ ...from, page: paper.page });
    this.changed(from);
  }

  choose(place) {
    if (this.chosen === place) return;
    this.chosen = place;
    this.redraw();
    this.rows.write(this.places, place);
  }

  // --- change, undo, save ------------------------------------------------------------------------
  // Steps of the same kind on the same place within a second are undone together.
  before(kind, place = null) {
    const last = this.history.at(-1);
    const now = Date.now();
    if (kind === "keys" && last?.kind === kind && last.place === place && now - last.at < 1000) { last.at = now; return; }
    this.history.push({ kind, place, at: now, places: this.places.map((p) => ({ ...p })) });
  }

  undo() {
    const last = this.history.pop();
    if (!last) return;
    this.places = last.places;
    this.chosen = null;
    this.changed(null);
  }

  changed(place) {
    this.redraw();
    this.rows.write(this.places, place);
    this.rows.save();
    if (place) { clearTimeout(this.resting); this.resting = setTimeout(() => this.speak(this.describe(place)), REST); }
  }

  tableChanged() {
    this.before("table");
    this.places = this.rows.read().filter((p) => this.people.has(p.who));
    this.redraw();
    this.rows.save();
  }

  redraw() {
    this.showDetail();
    for (const paper of this.papers) paper.draw(this.places, this.chosen);
    this.root.querySelector("[data-undo]").disabled = !this.history.length;
    for (const name of ["[data-remove]", "[data-copy-all]"]) this.root.querySelector(name).disabled = !this.chosen;
  }

  // Whoever goes on at once does not lose the last change.
  async leave(event) {
    const link = event.target.closest("a[href]");
    if (!link || !this.rows.pending || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await this.rows.settled();
    location.assign(link.href);
  }

  // --- words -----------------------------------------------------------------------------------
  button(name, act) { this.root.querySelector(`[data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}]`).addEventListener("click", act); }

  describe(place) {
    const values = { ...place, name: this.people.get(place.who).name };
    const kind = place.kind && place.kind !== "signature" ? place.kind[0].toUpperCase() + place.kind.slice(1) : "";
    return this.words[`wordPlace${kind}`].replace(/\{(\w+)\}/g, (_, key) => (typeof values[key] === "number" ? plain(values[key]) : values[key]));
  }

  labels() {
    const name = this.people.get(this.who).name;
    for (const paper of this.papers) paper.button.setAttribute("aria-label", this.words.wordAdd.replace("{name}", name).replace("{page}", paper.page));
  }

  speak(text) { document.getElementById("status").textContent = text; }

  say(text, bad = false) {
    this.state.textContent = text;
    this.state.classList.toggle("error", bad);
    if (bad) document.getElementById("alert").textContent = text;
  }
}

const root = document.querySelector("[data-editor]");
if (root) new Editor(root);
