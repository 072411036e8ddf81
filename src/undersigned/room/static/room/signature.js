// The signature page: the pad, previews of the typed name, the chosen picture. The form works without it.
import { Pad } from "./pad.js";

const form = document.getElementById("signature-form");
const field = document.getElementById("path-data");
document.getElementById("pad").hidden = false;
for (const each of document.querySelectorAll("[data-no-script]")) each.remove();

const pad = new Pad(document.getElementById("pad-canvas"), () => (field.value = pad.path()));
field.value = ""; // a drawing lives in this page only; after an error it is drawn anew
document.getElementById("pad-undo").addEventListener("click", () => pad.undo());
document.getElementById("pad-clear").addEventListener("click", () => pad.clear());
addEventListener("keydown", (event) => {
  const drawing = form.elements.kind.value === "drawn";
  if (drawing && event.key === "z" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    pad.undo();
  }
});

// Previews come from the server, drawn as in the PDF; asked once the typing rests.
const name = form.elements.name;
const previews = [...form.querySelectorAll("img[data-hand]")];
let rest = 0;
name.addEventListener("input", () => {
  clearTimeout(rest);
  rest = setTimeout(() => {
    const chosen = form.elements.hand.value;
    for (const image of previews) {
      const address = new URL(image.src);
      address.searchParams.set("name", name.value);
      if (image.dataset.hand === chosen) image.src = address;
      else image.dataset.next = address;
    }
    // The others follow when nothing more is typed: twenty pictures a minute are allowed.
    rest = setTimeout(() => {
      for (const image of previews) if (image.dataset.next) image.src = image.dataset.next;
    }, 2500);
  }, 600);
});

const preview = document.getElementById("upload-preview");
form.elements.image.addEventListener("change", () => {
  const [file] = form.elements.image.files;
  const image = preview.querySelector("img");
  if (image.src) URL.revokeObjectURL(image.src);
  preview.hidden = !file?.type.startsWith("image/");
  if (!preview.hidden) image.src = URL.createObjectURL(file);
});
