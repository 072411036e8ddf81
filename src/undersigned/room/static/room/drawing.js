// The pad in its page: undo, clear, and the drawing in the form's field.
import { Pad } from "./pad.js";

const field = document.getElementById("path-data");
document.getElementById("pad").hidden = false;
for (const each of document.querySelectorAll("[data-no-script]")) each.remove();

export const pad = new Pad(document.getElementById("pad-canvas"), () => (field.value = pad.path()));
field.value = ""; // a drawing lives in this page only; after an error it is drawn anew
document.getElementById("pad-undo").addEventListener("click", () => pad.undo());
document.getElementById("pad-clear").addEventListener("click", () => pad.clear());
addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input:not([type=radio]), textarea");
  if (typing || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  pad.undo();
});
