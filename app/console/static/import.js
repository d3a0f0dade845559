// Sends the form of an import and shows each result as it comes: the answer has one row a line, and
// the summary as the last.
"use strict";

const form = document.querySelector("[data-import]");
const done = document.getElementById("done");
const results = document.querySelector("[data-results]");
const bar = document.querySelector("[data-progress]");
const rows = results.querySelector("tbody");

function show(line) {
  if (!line.startsWith("<tr")) {
    done.innerHTML = line;
    done.querySelector("[data-focus]")?.focus();
    return;
  }
  rows.insertAdjacentHTML("beforeend", line);
  const { done: so_far, total } = rows.lastElementChild.dataset;
  bar.max = Number(total) || 1;
  bar.value = Number(so_far);
}

async function follow(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done: ended, value } = await reader.read();
    if (ended) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    lines.forEach(show);
  }
}

async function begin() {
  done.replaceChildren();
  rows.replaceChildren();
  bar.removeAttribute("value");
  results.hidden = false;
  const headers = { "HX-Request": "true", "HX-Current-URL": window.location.href };
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
  if (answer.status === 401) {
    window.location.assign(answer.headers.get("HX-Redirect"));
  } else if (answer.ok) {
    await follow(answer.body);
  } else {
    results.hidden = true;
    done.innerHTML = await answer.text();
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.main");
  button.disabled = true;
  try {
    await begin();
  } catch {
    const text = document.createElement("p");
    text.className = "note exceeded";
    text.textContent = form.dataset.lost;
    done.replaceChildren(text);
  }
  button.disabled = false;
});
