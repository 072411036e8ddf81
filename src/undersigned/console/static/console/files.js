// Choosing or dropping files sends them at once; buttons that take time say so. Without script one presses "Add".
const form = document.querySelector("[data-drop]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const send = () => { if (input.files.length) { button.setAttribute("aria-disabled", "true"); button.lastElementChild.textContent = button.dataset.busy; form.submit(); } };
  input.addEventListener("change", send);
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; send(); }
  });
}
