// How far a batch is, asked for every two seconds while the page is looked at. Without script there is a link to look again.
const box = document.querySelector("[data-progress]");
if (box) {
  const bar = box.querySelector("progress");
  const said = box.querySelector("[data-said]");
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      bar.value = now.done;
      said.textContent = box.dataset.word.replace("{done}", now.done).replace("{size}", now.size);
      if (now.done >= now.size) location.reload();
    } catch { /* the next time */ }
  };
  setInterval(ask, 2000);
}
