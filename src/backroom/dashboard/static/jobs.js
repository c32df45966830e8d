// The list of jobs: boxes stay checked while the list is renewed, and empty filters leave the URL.
"use strict";

const chosen = () => document.querySelectorAll('#choose input[name="job"]');
let kept = new Set();

document.body.addEventListener("htmx:afterSwap", () => {
  for (const box of chosen()) box.checked = kept.has(box.value);
  count();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("#choose [data-all]")) {
    for (const box of chosen()) box.checked = event.target.checked;
  }
  if (event.target.closest("#choose")) count();
});

document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form.filters")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

function count() {
  kept = new Set([...chosen()].filter((box) => box.checked).map((box) => box.value));
  const words = document.getElementById("choosing");
  if (!words) return;
  words.textContent = kept.size ? `With the ${kept.size} chosen:` : "With the chosen jobs:";
}

addEventListener("pageshow", count);
