// The fields of this person: "Next field" goes from one to the next, over all pages and documents.
const next = document.getElementById("next");
const places = [...document.querySelectorAll(".place[data-place]")].sort((a, b) => a.dataset.place - b.dataset.place);
let at = -1;

function go(number) {
  const place = places[number];
  if (!place) return;
  at = number;
  place.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  place.focus({ preventScroll: true });
}

next?.addEventListener("click", (event) => {
  event.preventDefault();
  go((at + 1) % places.length);
});
document.addEventListener("focusin", (event) => {
  const on = places.indexOf(event.target);
  if (on >= 0) at = on; // goes on from where the person is
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-to-place]");
  if (!link) return;
  event.preventDefault();
  dispatchEvent(new CustomEvent("turned")); // a drawer closes first
  go(Number(link.dataset.toPlace) - 1);
});
