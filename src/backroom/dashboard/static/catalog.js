// The pages of the catalog: short addresses, and files that are dropped or chosen.
"use strict";

// A GET form leaves out what nobody has filled in, so that addresses stay short.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "get") return;
  for (const each of form.elements) {
    if (each.name && !each.value) { each.disabled = true; setTimeout(() => { each.disabled = false; }); }
  }
});

const drop = document.querySelector("[data-drop]");

async function send(file) {
  const say = document.querySelector("[data-sending]") || document.getElementById("message");
  const csrf = JSON.parse(document.body.getAttribute("hx-headers"));
  say.textContent = `Uploading ${file.name}…`;
  const address = new URL(drop.dataset.drop, location.href);
  address.searchParams.set("name", file.name);
  try {
    const answer = await fetch(address, {
      method: "POST",
      body: file,
      headers: { ...csrf, "Content-Type": "application/octet-stream" },
    });
    if (answer.ok) { location.assign((await answer.json()).page); return; }
    say.textContent = (await answer.text()) || `The server answered ${answer.status}.`;
  } catch {
    say.textContent = "The file could not be sent. Is the server there, and is the file not changed?";
  }
  say.classList.add("bad");
}

if (drop) {
  let depth = 0;
  const hasFile = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (!hasFile(event)) return;
    depth += 1;
    document.documentElement.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!hasFile(event)) return;
    depth -= 1;
    if (depth <= 0) document.documentElement.classList.remove("dropping");
  });
  document.addEventListener("dragover", (event) => { if (hasFile(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    depth = 0;
    document.documentElement.classList.remove("dropping");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  });
  // Without this script the form sends the file by itself.
  const form = document.querySelector("form[data-file]");
  if (form) {
    form.addEventListener("submit", (event) => {
      const { files } = form.querySelector("input[type=file]");
      if (!files.length) return;
      event.preventDefault();
      send(files[0]);
    });
  }
}
