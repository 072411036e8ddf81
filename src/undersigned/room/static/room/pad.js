// A drawn signature. Strokes are kept in fractions of the pad's width, so that turning the phone keeps the ink.
// What leaves the browser is one filled outline as SVG path data (M L Q Z), 600 units wide, trimmed; no times.
export const WIDTH = 600;
const THIN = 2, THICK = 5.2; // pen width in units; 1.2 to 3.1 pixels on a phone
const APART = 0.004; // points closer than this are left out
const round = (n) => Math.round(n * 10) / 10;

export class Pad {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.pointer = null;
    canvas.addEventListener("pointerdown", (e) => this.start(e));
    canvas.addEventListener("pointermove", (e) => this.move(e));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => this.end(e));
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  resize() {
    const ratio = Math.min(devicePixelRatio || 1, 3);
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.draw();
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const clamp = (n, most) => Math.min(Math.max(n, 0), most);
    return {
      x: clamp((event.clientX - box.left) / box.width, 1),
      y: clamp((event.clientY - box.top) / box.width, box.height / box.width),
      pressure: event.pointerType === "pen" ? event.pressure : null,
    };
  }

  start(event) {
    if (this.pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([{ ...this.point(event), w: 3 }]);
    this.draw();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const stroke = this.strokes.at(-1);
    for (const each of coalesced.length ? coalesced : [event]) {
      const next = this.point(each);
      const last = stroke.at(-1);
      const step = Math.hypot(next.x - last.x, next.y - last.y);
      if (step < APART) continue;
      // Fast is thin, slow is thick; a pen says it by pressure. Smoothed, so that the width does not jump.
      const wish = next.pressure === null ? THICK - Math.min(step / 0.04, 1) * (THICK - THIN) : THIN + next.pressure * (THICK - THIN);
      stroke.push({ x: next.x, y: next.y, w: last.w * 0.7 + wish * 0.3 });
    }
    this.draw();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.changed();
  }

  undo() {
    this.strokes.pop();
    this.draw();
    this.changed();
  }

  clear() {
    this.strokes = [];
    this.draw();
    this.changed();
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const scale = this.canvas.width / WIDTH;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = "#10243f";
    for (const stroke of this.strokes) context.fill(new Path2D(text(outline(stroke, WIDTH))));
  }

  // SVG path data, its ink starting at 0,0; empty without ink.
  path() {
    const commands = this.strokes.flatMap((stroke) => outline(stroke, WIDTH));
    let [left, top] = [Infinity, Infinity];
    for (const [, ...n] of commands)
      for (let i = 0; i < n.length; i += 2) [left, top] = [Math.min(left, n[i]), Math.min(top, n[i + 1])];
    return text(commands.map(([c, ...n]) => [c, ...n.map((v, i) => Math.max(0, v - (i % 2 ? top : left)))]));
  }
}

const text = (commands) => commands.map(([c, ...n]) => c + n.map(round).join(" ")).join("");

// The outline of a stroke: along one side, around the tip, back along the other; corners rounded by midpoints.
function outline(stroke, scale) {
  const points = stroke.map((p) => ({ x: p.x * scale, y: p.y * scale, w: p.w }));
  if (points.length === 1) return dot(points[0]);
  const left = [], right = [];
  points.forEach((p, i) => {
    const before = points[Math.max(i - 1, 0)], after = points[Math.min(i + 1, points.length - 1)];
    const length = Math.hypot(after.x - before.x, after.y - before.y) || 1;
    const [nx, ny] = [(-(after.y - before.y) / length) * p.w / 2, ((after.x - before.x) / length) * p.w / 2];
    left.push([p.x + nx, p.y + ny]);
    right.push([p.x - nx, p.y - ny]);
  });
  const round = cap(points.at(-2), points.at(-1)), start = cap(points[1], points[0]);
  return [["M", ...left[0]], ...curve(left), ["Q", ...round, ...right.at(-1)], ...curve(right.reverse()), ["Q", ...start, ...left[0]], ["Z"]];
}

function curve(side) {
  const commands = [];
  for (let i = 1; i < side.length - 1; i++) {
    const [x, y] = side[i], [nx, ny] = side[i + 1];
    commands.push(["Q", x, y, (x + nx) / 2, (y + ny) / 2]);
  }
  commands.push(["L", ...side.at(-1)]);
  return commands;
}

const cap = (from, tip) => {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  return [tip.x + ((tip.x - from.x) / length) * tip.w, tip.y + ((tip.y - from.y) / length) * tip.w];
};

const dot = ({ x, y, w }) => [
  ["M", x - w, y], ["Q", x - w, y - w, x, y - w], ["Q", x + w, y - w, x + w, y],
  ["Q", x + w, y + w, x, y + w], ["Q", x - w, y + w, x - w, y], ["Z"],
];
