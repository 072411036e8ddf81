// One page of paper with the places on it: moved and resized by pointer and by keys, in percent of the page.
export const SMALLEST = { w: 5, h: 2 };
const GRID = 0.5; // percent: what a key moves, and what a pointer snaps to
const NEAR = 0.75; // percent within which a place snaps to the edge of another
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const onGrid = (value) => Math.round(value / GRID) * GRID;
const between = (value, low, high) => Math.min(Math.max(value, low), high);

export function keepInside(place) {
  place.w = between(place.w, SMALLEST.w, 100);
  place.h = between(place.h, SMALLEST.h, 100);
  place.x = between(place.x, 0, 100 - place.w);
  place.y = between(place.y, 0, 100 - place.h);
}

export class Paper {
  constructor(figure, editor) {
    this.page = Number(figure.dataset.page);
    this.editor = editor;
    this.sheet = figure.querySelector("[data-paper]");
    this.marks = new Map();
    this.sheet.querySelector(".marks")?.remove();
    this.sheet.addEventListener("click", (event) => { if (!event.target.closest(".place")) editor.clicked(this, event); });
  }

  // Where a pointer is, in percent.
  at(event) {
    const box = this.sheet.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * 100, y: ((event.clientY - box.top) / box.height) * 100 };
  }

  draw(places, chosen) {
    for (const [place, mark] of this.marks) {
      if (!places.includes(place) || place.page !== this.page) { mark.remove(); this.marks.delete(place); }
    }
    for (const place of places) {
      if (place.page !== this.page) continue;
      const mark = this.marks.get(place) ?? this.add(place);
      const person = this.editor.people.get(place.who);
      mark.className = `place ${person.colour} kind-${place.kind ?? "signature"}`;
      mark.firstChild.textContent = this.editor.label(place);
      mark.setAttribute("aria-label", this.editor.describe(place));
      mark.setAttribute("aria-pressed", String(place === chosen));
      Object.assign(mark.style, { left: `${place.x}%`, top: `${place.y}%`, width: `${place.w}%`, height: `${place.h}%` });
    }
  }

  add(place) {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.setAttribute("aria-describedby", "keys");
    const handle = document.createElement("span");
    handle.className = "handle";
    mark.append(document.createElement("span"), handle);
    mark.addEventListener("focus", () => this.editor.choose(place));
    mark.addEventListener("keydown", (event) => this.key(event, place));
    mark.addEventListener("pointerdown", (event) => this.grab(event, place, mark, event.target === handle));
    this.marks.set(place, mark);
    this.sheet.append(mark);
    return mark;
  }

  key(event, place) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.editor.remove(place);
      return;
    }
    const way = KEYS[event.key];
    if (!way) return;
    event.preventDefault();
    this.editor.before("keys", place);
    const step = event.shiftKey ? GRID * 10 : GRID;
    const [across, down] = event.altKey ? ["w", "h"] : ["x", "y"];
    place[across] += way[0] * step;
    place[down] += way[1] * step;
    if (event.altKey) { place.w = between(place.w, SMALLEST.w, 100 - place.x); place.h = between(place.h, SMALLEST.h, 100 - place.y); }
    keepInside(place);
    this.editor.changed(place);
  }

  grab(event, place, mark, resizes) {
    if (event.button !== 0) return;
    event.preventDefault();
    mark.focus({ preventScroll: true });
    const from = this.at(event);
    const was = { ...place };
    let moved = false;
    const move = (now) => {
      const to = this.at(now);
      if (!moved) { moved = true; this.editor.before("pointer", place); }
      if (resizes) {
        place.w = between(onGrid(was.w + to.x - from.x), SMALLEST.w, 100 - place.x);
        place.h = between(onGrid(was.h + to.y - from.y), SMALLEST.h, 100 - place.y);
      } else {
        place.x = this.snapped("x", "w", place, was.x + to.x - from.x);
        place.y = this.snapped("y", "h", place, was.y + to.y - from.y);
      }
      keepInside(place);
      this.editor.redraw();
    };
    const end = () => {
      mark.removeEventListener("pointermove", move);
      if (moved) this.editor.changed(place);
    };
    mark.setPointerCapture(event.pointerId);
    mark.addEventListener("pointermove", move);
    mark.addEventListener("lostpointercapture", end, { once: true });
  }

  // To the grid, or to the near edge of another place on this page, so that places stand in line.
  snapped(start, size, place, wanted) {
    for (const other of this.marks.keys()) {
      if (other === place) continue;
      for (const edge of [other[start], other[start] + other[size] - place[size]]) {
        if (Math.abs(edge - wanted) < NEAR) return edge;
      }
    }
    return onGrid(wanted);
  }
}
