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

// How long ago something was goes on, by the clock of the server: <main data-now data-pace> has its
// time, and how fast that runs. Parts that the server renews have their times from it. <time data-clock>
// shows the clock itself.
let clock = { main: null };

function ago(seconds) {
  if (seconds < 60) return seconds < 1 ? "now" : `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${Math.floor((seconds % 3600) / 60)} min ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

function renewTimes() {
  const main = document.querySelector("main");
  if (clock.main !== main) {
    clock = { main, then: Date.parse(main.dataset.now), pace: Number(main.dataset.pace), read: Date.now() };
  }
  const now = clock.then + (Date.now() - clock.read) * clock.pace;
  for (const each of document.querySelectorAll("time[data-clock]")) {
    each.textContent = `${new Date(now).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  }
  for (const each of document.querySelectorAll("time[datetime]")) {
    if (each.closest("[sse-swap]") || !/^now$| ago$/.test(each.textContent)) continue;
    const words = ago((now - Date.parse(each.dateTime)) / 1000);
    if (each.textContent !== words) each.textContent = words;
  }
}

renewTimes();
setInterval(renewTimes, 1000);

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

// A page that is kept up to date says when it no longer is: because the server does not answer, or
// because the session has ended. A connection may also fall silent without an end, as after a sleep
// of the computer. The server says something every 15 seconds, so the page then takes another one.
// A browser has few connections to a host, so a page that nobody has seen for a while gives its own
// back, and takes one when it is looked at again.
const LOST = 2500;
const SILENT = 40000;
const AGAIN = 10000;
const UNSEEN = 10000;
const sources = new Map();
const ended = new WeakSet();
let lost = 0;
let unseen = 0;
let areLeft = false;

function sayOfConnection(words, leadsOn) {
  const place = document.getElementById("connection");
  place.replaceChildren();
  if (!words) return;
  const note = document.createElement("div");
  note.className = "note bad";
  note.textContent = `${words} `;
  if (leadsOn) {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = leadsOn;
    note.append(link);
  }
  place.append(note);
}

function isLost(moment) {
  const since = new Date(moment).toISOString().slice(11, 19);
  lost ||= setTimeout(() => sayOfConnection(
    `The server does not answer since ${since} UTC. This page shows what was then, and goes on by itself once the server is back.`,
  ), LOST);
}

htmx.createEventSource = (url) => {
  const source = new EventSource(url);
  sources.set(source, Date.now());
  for (const each of ["open", "part", "alive", "stale"]) {
    source.addEventListener(each, () => sources.set(source, Date.now()));
  }
  return source;
};

document.addEventListener("htmx:sseOpen", (event) => {
  clearTimeout(lost);
  lost = 0;
  sayOfConnection("");
  const { source } = event.detail;
  source.addEventListener("stale", ({ data }) => sayOfConnection(data));
  source.addEventListener("part", () => sayOfConnection(""));
  source.addEventListener("ended", ({ data }) => {
    ended.add(event.target);
    sayOfConnection(...data.split("\n"));
  });
});

document.addEventListener("htmx:sseError", () => isLost(Date.now()));

function leaveStreams() {
  areLeft = true;
  for (const source of sources.keys()) source.close();
  sources.clear();
}

function takeStreams() {
  areLeft = false;
  for (const element of document.querySelectorAll("[sse-connect]")) {
    if (ended.has(element)) continue;
    // htmx connects an element again that it has not seen as it is.
    for (const each of [element, ...element.querySelectorAll("[sse-swap]")]) {
      each.dataset.taken = Number(each.dataset.taken || 0) + 1;
    }
    htmx.process(element);
  }
}

setInterval(() => {
  for (const [source, heard] of sources) {
    if (source.readyState === EventSource.CLOSED) {
      sources.delete(source);
    } else if (Date.now() - heard > (lost ? AGAIN : SILENT)) {
      isLost(heard);
      leaveStreams();
      takeStreams();
      return;
    }
  }
}, 5000);

document.addEventListener("visibilitychange", () => {
  clearTimeout(unseen);
  if (document.hidden) unseen = setTimeout(leaveStreams, UNSEEN);
  else if (areLeft) takeStreams();
});

// A form of an ended session is refused with the token of the present one.
document.addEventListener("htmx:afterRequest", (event) => {
  const token = event.detail.xhr?.getResponseHeader("X-CSRF-Token");
  if (!token) return;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": token }));
  for (const each of document.querySelectorAll('input[name="csrf_token"]')) each.value = token;
});

// <div sse-swap data-still> is a list of the newest. It stands still while a pointer moves over it,
// while the reader has scrolled into it, and while a row that is chosen would leave it: what is newer
// is held until then.
const STILL = 3000;
let moved = -STILL;
let held = null;

function isRead(list) {
  return performance.now() - moved < STILL || list.getBoundingClientRect().top < 0;
}

function losesChosen({ list, html }) {
  const chosen = [...list.querySelectorAll("input:checked")];
  return chosen.some(({ id }) => !html.includes(`id="${id}"`));
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
  const latest = { list, html: event.detail.data };
  const stays = losesChosen(latest);
  held = null;
  newer(list).hidden = true;
  if (!stays && !isRead(list)) return;
  event.preventDefault();
  held = latest;
  newer(list).hidden = !stays && list.getBoundingClientRect().top >= 0;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-newer]")) return;
  scrollTo(0, 0);
  moved = -STILL;
  showHeld();
});

setInterval(() => {
  if (held && !isRead(held.list) && !losesChosen(held)) showHeld();
}, 500);
