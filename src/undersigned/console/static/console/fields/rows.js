// The table of places: the form is the only store. The editor reads it, writes it, and posts it in the background.
const NAMES = ["page", "x", "y", "w", "h"];
const WAIT = 300; // milliseconds of rest before a change is posted

export const plain = (value) => String(Math.round(value * 100) / 100);

export class Rows {
  constructor(form, words, say) {
    this.form = form;
    this.words = words;
    this.say = say;
    this.body = form.querySelector("[data-rows]");
    this.blank = this.body.lastElementChild.cloneNode(true);
    this.timer = 0;
    this.posting = null;
  }

  read() {
    const places = [];
    for (const row of this.body.rows) {
      const value = (name) => row.querySelector(`[name^="${name}-"]`).value.replace(",", ".");
      if (!value("who") || row.querySelector('[name^="gone-"]').checked) continue;
      const place = { who: value("who") };
      for (const name of NAMES) place[name] = Number(value(name));
      for (const control of row.querySelectorAll("[data-extra]")) place[control.name.split("-")[0]] = control.type === "checkbox" ? control.checked : control.value;
      if (NAMES.every((name) => Number.isFinite(place[name]))) places.push(place);
    }
    return places;
  }

  write(places, chosen) {
    const rows = places.map((place, number) => this.row(place, number));
    rows[places.indexOf(chosen)]?.classList.add("chosen");
    this.body.replaceChildren(...rows, this.row(null, places.length));
  }

  row(place, number) {
    const row = this.blank.cloneNode(true);
    row.dataset.row = number;
    for (const control of row.querySelectorAll("[name]")) {
      const name = control.name.split("-")[0];
      control.name = `${name}-${number}`;
      if (control.id) control.id = control.name;
      const label = control.getAttribute("aria-label");
      if (label) control.setAttribute("aria-label", label.replace(/\d+$/, number + 1));
      if (place && name === "who") control.value = place.who;
      else if (place && name in place && control.type === "checkbox") control.checked = place[name];
      else if (place && name in place) control.value = typeof place[name] === "number" ? plain(place[name]) : place[name];
    }
    const hidden = row.querySelector(".take-out .visually-hidden");
    hidden.textContent = hidden.textContent.replace(/\d+$/, number + 1);
    return row;
  }

  save() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.post(), WAIT);
  }

  // Resolves when nothing waits to be posted any more.
  async settled() {
    if (this.timer) { clearTimeout(this.timer); this.post(); }
    while (this.posting) await this.posting;
  }

  get pending() { return Boolean(this.timer || this.posting); }

  post() {
    this.timer = 0;
    const before = this.posting ?? Promise.resolve();
    const now = before.then(() => this.send()).finally(() => { if (this.posting === now) this.posting = null; });
    this.posting = now;
  }

  async send() {
    try {
      const answer = await fetch(location.href, { method: "POST", body: new FormData(this.form), headers: { Accept: "application/json" }, keepalive: true });
      if (answer.ok) this.say(this.words.wordSaved);
      else this.say((await answer.json()).errors.join(" "), true);
    } catch {
      this.say(this.words.wordUnsaved, true);
    }
  }
}
