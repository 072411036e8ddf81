// Adding a file: dropped or chosen; how far it has gone is shown; what is wrong with it comes in the server's words.
const form = document.getElementById("upload-form");
const drop = document.getElementById("drop");
const uploading = document.getElementById("uploading");
for (const each of document.querySelectorAll("[data-script]")) each.hidden = false;

const inputs = () => [...form.querySelectorAll("input[type=file]")];
form.addEventListener("change", (event) => {
  for (const other of inputs()) if (other !== event.target && event.target.files.length) other.value = "";
});
for (const kind of ["dragover", "dragleave", "drop"])
  form.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    const [file] = event.dataTransfer?.files ?? [];
    if (kind !== "drop" || !file) return;
    const [own, picture] = inputs();
    const to = file.type.startsWith("image/") ? picture : own;
    to.files = event.dataTransfer.files;
    to.dispatchEvent(new Event("change", { bubbles: true }));
  });

let sent = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (sent) return;
  sent = true;
  const button = form.querySelector("[data-busy]");
  const words = button.querySelector("span").textContent;
  button.setAttribute("aria-disabled", "true");
  button.querySelector("span").textContent = button.dataset.busy;
  uploading.hidden = false;
  const request = new XMLHttpRequest();
  request.responseType = "text";
  request.upload.onprogress = ({ loaded, total }) => {
    document.getElementById("upload-progress").value = (100 * loaded) / total;
    if (loaded === total) document.getElementById("checking").hidden = false;
  };
  request.onload = () => {
    if (request.status < 300 && request.getResponseHeader("Content-Type")?.startsWith("application/json")) return location.assign(JSON.parse(request.responseText).go);
    if (request.status < 300) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.title = page.title;
    const next = page.getElementById("upload-form");
    if (next) {
      form.innerHTML = next.innerHTML;
      for (const each of form.querySelectorAll("[data-script]")) each.hidden = false;
      sent = false;
      form.querySelector("[data-focus]")?.focus();
    } else {
      document.getElementById("main").replaceWith(page.getElementById("main"));
      document.querySelector("main h1").focus();
    }
  };
  request.onerror = () => {
    sent = false;
    button.removeAttribute("aria-disabled");
    button.querySelector("span").textContent = words;
    uploading.hidden = true;
    HTMLFormElement.prototype.submit.call(form); // the browser says what is wrong with the connection
  };
  request.open("POST", form.action);
  request.setRequestHeader("X-Room-Script", "1");
  request.send(new FormData(form));
});
