// Says when the service does not answer, and asks before what cannot be undone.
"use strict";

document.addEventListener("htmx:sendError", () => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = trouble.dataset.offline;
});
document.addEventListener("htmx:beforeRequest", () => {
  document.getElementById("trouble").textContent = "";
});
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
// What a form answered is read out and seen: the keyboard goes to where it is.
document.addEventListener("htmx:afterSwap", (event) => {
  const there = event.target.querySelector("[data-focus]");
  if (there) there.focus();
});
