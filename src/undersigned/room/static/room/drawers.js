// On small screens the pages' thumbnails and the fields come in a drawer; menus close when one looks elsewhere.
const drawer = document.getElementById("drawer");
const name = document.getElementById("drawer-name");
let lent = null; // what lies in the drawer, and where it belongs

for (const button of document.querySelectorAll("[data-drawer]"))
  button.addEventListener("click", () => {
    const part = document.getElementById(button.dataset.drawer);
    const mark = document.createComment("");
    part.replaceWith(mark);
    lent = { part, mark };
    drawer.append(part);
    drawer.dataset.side = button.dataset.drawer;
    name.textContent = part.getAttribute("aria-label");
    drawer.showModal();
    const here = part.querySelector("[aria-current]");
    if (here) here.scrollIntoView({ block: "center" });
    name.focus();
  });
drawer.addEventListener("close", () => {
  lent?.mark.replaceWith(lent.part);
  lent = null;
});
drawer.addEventListener("click", (event) => {
  if (event.target === drawer) drawer.close(); // beside it
});
addEventListener("turned", () => drawer.open && close());

// The close event comes later; what follows needs everything in its place now.
function close() {
  drawer.close();
  lent?.mark.replaceWith(lent.part);
  lent = null;
}

const menus = [...document.querySelectorAll("details.menu")];
addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
addEventListener("click", (event) => {
  for (const menu of menus) if (menu.open && (!menu.contains(event.target) || event.target.closest("button.menu-item"))) menu.open = false;
});
