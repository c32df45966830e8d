// What the pages do in the browser beside htmx: the theme, keys, copying, and lists that are read.
// Parts of a page are replaced while it is open, so elements are looked up when they are needed.
"use strict";

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return document.documentElement.dataset.theme || (dark ? "dark" : "light");
}

document.addEventListener("click", async (event) => {
  if (event.target.closest("#theme")) {
    const next = theme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* It holds for this page. */ }
    return;
  }
  // <button data-copy="ID"> copies the text of an element.
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select it, and copy";
  }
  setTimeout(() => { button.textContent = words; }, 1500);
});

// On a narrow screen the navigation scrolls: the section that is shown is in sight.
// `scrollIntoView` would have the Tab key begin there, after the link that skips the navigation.
const current = document.querySelector("nav a[aria-current]");
if (current) current.closest("nav").scrollLeft = current.offsetLeft - innerWidth / 2;

// <select data-submit> sends its form when another value is chosen.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit]")) event.target.form.requestSubmit();
});

let afterG = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog[open], [contenteditable]")) return;
  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("keys").showModal();
  } else if (event.key === "/") {
    const search = document.querySelector("main input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  } else if (event.key === "g") {
    afterG = event.timeStamp;
  } else if (event.timeStamp - afterG < 1500) {
    afterG = 0;
    const link = document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) link.click();
  }
});

// <div sse-swap data-still> is a list of the newest. It stands still while a pointer moves over it,
// or while the reader has scrolled into it: what is newer is held until then.
const STILL = 3000;
let moved = -STILL;
let held = null;

function isRead(list) {
  return performance.now() - moved < STILL || list.getBoundingClientRect().top < 0;
}

function showHeld() {
  if (!held || !held.list.isConnected) return;
  const { list, html } = held;
  held = null;
  newer(list).hidden = true;
  htmx.swap(list, html, { swapStyle: "morph:innerHTML" });
}

const newer = (list) => list.parentElement.querySelector("[data-newer]");

for (const each of ["pointermove", "pointerdown"]) {
  document.addEventListener(each, (event) => {
    if (event.target.closest?.("[data-still]")) moved = performance.now();
  }, { passive: true });
}

document.addEventListener("htmx:sseBeforeMessage", (event) => {
  const list = event.target.closest("[data-still]");
  if (!list) return;
  held = null;
  newer(list).hidden = true;
  if (!isRead(list)) return;
  event.preventDefault();
  held = { list, html: event.detail.data };
  newer(list).hidden = list.getBoundingClientRect().top >= 0;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-newer]")) return;
  scrollTo(0, 0);
  moved = -STILL;
  showHeld();
});

setInterval(() => { if (held && !isRead(held.list)) showHeld(); }, 500);
