// Shows decisions of doors as the service sends them; the newest stands on top.
"use strict";

const MOST = 50;
const PAUSE = 10_000; // milliseconds
const list = document.querySelector("[data-live]");
const state = document.querySelector("[data-state]");
const source = new EventSource(list.dataset.live);

source.addEventListener("open", () => {
  state.textContent = state.dataset.open;
});
source.addEventListener("error", () => {
  state.textContent = state.dataset.lost;
  // Where the session is over the stream is refused; the page then leads to the sign-in. Where all
  // places are taken it is refused too, and the page would ask as fast as it can be answered.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => window.location.reload(), PAUSE);
});
source.addEventListener("decision", (event) => {
  list.insertAdjacentHTML("afterbegin", event.data);
  while (list.children.length > MOST) list.lastElementChild.remove();
});
window.addEventListener("pagehide", () => source.close());
