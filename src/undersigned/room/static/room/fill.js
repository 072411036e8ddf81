// The form beside the pages: each value is saved when its field is left; "Next field" goes to what is still missing.
const form = document.getElementById("fill-form");
const status = document.getElementById("status");
const left = document.getElementById("left");
const fields = [...form.querySelectorAll("[data-field]")];
const nameOf = (field) => `f${field.dataset.field}`;
const controls = (field) => [...field.querySelectorAll("input, textarea, select")];

function value(field) {
  const [first] = controls(field);
  if (first.type === "checkbox" || first.type === "radio") return controls(field).find((each) => each.checked)?.value ?? "";
  return first.multiple ? [...first.selectedOptions].map((each) => each.value).join("\n") : first.value;
}

function shown(field) {
  const [first] = controls(field);
  return first.tagName === "SELECT" ? [...first.selectedOptions].filter((each) => each.value).map((each) => each.text).join(", ") : value(field);
}

// What lies on the page shows the value, and leads to its control.
function draw(field) {
  const now = value(field);
  for (const box of document.querySelectorAll(`[data-box="${field.dataset.field}"]`)) {
    const { option } = box.dataset;
    box.querySelector(".box-value").textContent = option ? (option === now ? "✓" : "") : shown(field);
    box.classList.toggle("missing", "required" in field.dataset && !now.trim());
  }
}

function complain(field, words) {
  const error = field.querySelector(".error");
  const target = field.matches("fieldset") ? field : controls(field)[0];
  error.hidden = !words;
  error.querySelector("span").textContent = words;
  field.classList.toggle("invalid", Boolean(words));
  if (target !== field) target.toggleAttribute("aria-invalid", Boolean(words));
  const known = (target.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== error.id);
  target.setAttribute("aria-describedby", [...known, ...(words ? [error.id] : [])].join(" "));
}

let saving = Promise.resolve(); // one after the other, so that the last word stays
function save(field) {
  draw(field);
  const body = new FormData(form);
  body.append("only", nameOf(field));
  saving = saving.then(async () => {
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "error" });
      const told = await answer.json();
      complain(field, told.error);
      status.textContent = told.error || told.said;
      left.textContent = told.said.replace(/^[^.]*\.\s*/, "");
    } catch {
      // no connection, which the page says; all goes once more with the last button
    }
  });
}

form.addEventListener("change", (event) => {
  const field = event.target.closest("[data-field]");
  if (field) save(field);
});

// What was entered before this was loaded, or put back by the browser, is saved too.
const before = (each) => (each.type === "checkbox" || each.type === "radio" ? each.checked !== each.defaultChecked : each.tagName !== "SELECT" && each.value !== each.defaultValue);
for (const field of fields) if (controls(field).some((each) => each !== document.activeElement && before(each))) save(field);

function go(field) {
  const control = controls(field).find((each) => each.checked) ?? controls(field)[0];
  control.scrollIntoView({ block: "center", behavior: "instant" });
  control.focus({ preventScroll: true });
}

let at = -1;
document.addEventListener("focusin", (event) => {
  const field = event.target.closest("[data-field]");
  if (!field) return;
  at = fields.indexOf(field);
  for (const box of document.querySelectorAll(".box.current")) box.classList.remove("current");
  const boxes = [...document.querySelectorAll(`[data-box="${field.dataset.field}"]`)];
  for (const box of boxes) box.classList.add("current");
  if (matchMedia("(min-width: 64rem)").matches) boxes[0]?.scrollIntoView({ block: "nearest", behavior: "instant" }); // beside one another
});
document.getElementById("next-field").addEventListener("click", () => {
  const order = [...fields.slice(at + 1), ...fields.slice(0, at + 1)];
  const next = order.find((field) => "required" in field.dataset && !value(field).trim()) ?? order[0];
  if (next) go(next);
});
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-box]");
  if (!box) return;
  event.preventDefault();
  dispatchEvent(new CustomEvent("turned")); // a drawer closes first
  const field = fields.find((each) => each.dataset.field === box.dataset.box);
  if (!field) return;
  const own = controls(field).find((each) => each.value === box.dataset.option);
  if (own) own.focus();
  else go(field);
});
