// The pages as pictures. Without this ten pages a screen load by themselves, with links to the others.
import "./pages.js";
import "./pictures.js";
import "./text.js";
import "./zoom.js";
import "./places.js";
import "./drawers.js";

for (const each of document.querySelectorAll("[data-script]")) each.hidden = false;

const offline = document.getElementById("offline");
const connection = () => {
  offline.hidden = navigator.onLine;
  document.getElementById("alert").textContent = navigator.onLine ? "" : offline.textContent.trim();
};
addEventListener("online", connection);
addEventListener("offline", connection);
