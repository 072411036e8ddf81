// The signature page: previews of the typed name and of the uploaded picture. The form works without it.
import "./drawing.js";

const form = document.getElementById("signature-form");

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

// The picture comes back as it will look: without paper, turned upright, as dark as the slider says.
const preview = document.getElementById("upload-preview");
const error = document.getElementById("upload-error");
const part = form.querySelector("[data-preview]");
let asked = 0;

async function clean() {
  const [file] = form.elements.image.files;
  const number = ++asked;
  error.hidden = true;
  if (!file) return void (preview.hidden = true);
  if (file.size > 5 * 1024 * 1024) return; // the server's words come with the form
  const body = new FormData();
  body.append("image", file);
  body.append("shade", form.elements.shade.value);
  const token = form.elements.csrfmiddlewaretoken.value;
  let answer;
  try {
    answer = await fetch(part.dataset.preview, { method: "POST", body, credentials: "same-origin", redirect: "error", headers: { "X-CSRFToken": token } });
  } catch {
    return; // no connection: the form says what is wrong
  }
  if (number !== asked) return; // the slider has moved on
  const image = preview.querySelector("img");
  if (image.src) URL.revokeObjectURL(image.src);
  preview.hidden = !answer.ok;
  if (answer.ok) image.src = URL.createObjectURL(await answer.blob());
  else if (answer.status === 422) {
    error.textContent = await answer.text();
    error.hidden = false;
  }
}

let pause = 0;
form.elements.image?.addEventListener("change", clean);
form.elements.shade?.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(clean, 400);
});
