// Copy buttons beside code. Without script the text can be marked and copied as usual.
const status = document.getElementById("status");
for (const block of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button copy";
  button.textContent = block.dataset.label;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = block.dataset.done;
      if (status) status.textContent = block.dataset.done;
      setTimeout(() => { button.textContent = block.dataset.label; }, 2000);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(block);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
  });
  block.parentElement.append(button);
}
