// Pages that wait: ask for the state every two seconds (or `data-every` ms) and load again when it has changed; count seconds down.
const waiting = document.querySelector("[data-wait]");
if (waiting) {
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.wait, { credentials: "same-origin", redirect: "error" });
      const { state } = await answer.json();
      if (state !== waiting.dataset.state) return location.reload();
    } catch {
      // no connection: ask again
    }
    setTimeout(ask, document.hidden ? 15000 : Number(waiting.dataset.every ?? 2000));
  };
  ask();
}

const countdown = document.querySelector("[data-countdown]");
if (countdown) {
  const until = Date.now() + Number(countdown.dataset.countdown) * 1000;
  const tick = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(tick);
      countdown.hidden = true;
    } else countdown.querySelector("[data-seconds]").textContent = left;
  }, 1000);
}
