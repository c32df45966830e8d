/* What the page of the API does with a script: it searches operations, and sends requests to the
 * server that it came from. The page can be read without. All text gets into the page as text. */
"use strict";

const KEPT_KEY = "backroom.key";
const HIDDEN_KEY = "Klaviyo-API-Key ••••";
const MEDIA_TYPE = "application/vnd.api+json";
const PATIENCE = 30_000;

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

/* Make an element with properties and children. A child that is a text becomes text. */
function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/* Search: every word of the question is in the method, the path, the summary or the id. */
function search() {
  const [box, said, menu] = [find("#search"), find("#found"), find("#menu")];
  const entries = findAll(".index li").map((row) => {
    const link = find("a", row);
    const id = link.hash.slice(1);
    const path = find(".path", document.getElementById(id)).textContent;
    return { row, link, text: `${path} ${link.textContent} ${id}`.toLowerCase() };
  });
  const shown = () => entries.filter(({ row }) => !row.hidden);
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { row, text } of entries) row.hidden = !words.every((word) => text.includes(word));
    for (const list of findAll(".index ul")) {
      const empty = findAll("li", list).every((row) => row.hidden);
      list.hidden = list.previousElementSibling.hidden = empty;
    }
    said.textContent = words.length ? `${shown().length} of ${entries.length} operations` : "";
    if (words.length) menu.checked = true;
  };
  const step = (event, by) => {
    const links = shown().map(({ link }) => link);
    const next = links.indexOf(document.activeElement) + by;
    event.preventDefault();
    (links[next] ?? (next < 0 ? box : document.activeElement)).focus();
  };
  find(".search").hidden = false;
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") shown()[0]?.link.click();
    if (event.key === "Escape") {
      box.value = "";
      show();
    }
  });
  find(".index").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(event, 1);
    if (event.key === "ArrowUp") step(event, -1);
  });
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
  if (box.value) show();
}

/* The samples name this server in place of the usual address. */
function nameThisServer() {
  const usual = find("main").dataset.base;
  for (const sample of findAll(".calls code")) {
    sample.textContent = sample.textContent.replaceAll(usual, location.origin);
  }
}

let asked;
function openapi() {
  asked ??= fetch(find(".source").href).then((answer) => answer.json());
  return asked;
}

/* The key stays in this tab, and goes nowhere but into the requests that are sent from here. */
function keepKey() {
  const box = find("#key");
  try {
    box.value = sessionStorage.getItem(KEPT_KEY) ?? "";
    box.addEventListener("input", () => sessionStorage.setItem(KEPT_KEY, box.value.trim()));
  } catch {
    // A browser may forbid it. Then the key is kept by the field alone.
  }
  find("#forget").addEventListener("click", () => {
    box.value = "";
    box.dispatchEvent(new Event("input"));
    box.focus();
  });
  find(".key").hidden = false;
}

function offerTrials() {
  for (const article of findAll("article[data-path]")) {
    const place = make("div", { className: "trial" });
    const button = make("button", { type: "button", textContent: "Try it" });
    button.setAttribute("aria-label", `Try it: ${find("h3", article).textContent}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        button.replaceWith(trialForm(article, await openapi()));
        find("input, textarea, button", place).focus();
      } catch (error) {
        button.disabled = false;
        place.append(make("p", { textContent: `The document can't be read: ${error.message}` }));
      }
    });
    place.append(button);
    article.append(place);
  }
}

function trialForm(article, openapiDocument) {
  const { path, method } = article.dataset;
  const described = openapiDocument.paths[path][method];
  const revision = openapiDocument.info.version;
  const fields = described.parameters
    .filter((each) => each.in !== "header")
    .map((each) => [each, field(article.id, each)]);
  const content = Object.values(described.requestBody?.content ?? {})[0];
  const body =
    content &&
    make("textarea", {
      id: `${article.id}-try-body`,
      rows: 12,
      spellcheck: false,
      value: JSON.stringify(firstBody(path, content, openapiDocument), null, 2),
    });
  const result = make("div", { className: "result" });
  result.setAttribute("aria-live", "polite");
  const form = make(
    "form",
    { className: "try" },
    make("h4", { textContent: "Try it" }),
    ...fields.map(([each, input]) => labelled(each.name, input, each.required)),
    ...(body ? [labelled("body", body, true)] : []),
    make("button", { textContent: "Send" }),
    result,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const url = address(path, fields);
    const headers = { revision, Accept: MEDIA_TYPE };
    if (described.security.length) {
      headers.Authorization = `Klaviyo-API-Key ${find("#key").value.trim()}`;
    }
    if (body) headers["Content-Type"] = MEDIA_TYPE;
    send({ method: method.toUpperCase(), url, headers, body: body?.value }, form, result);
  });
  return form;
}

/* An example of a resource names others that an empty catalog lacks. Those that nobody has to name are
 * left out, so that the request can be sent as it stands. */
function firstBody(path, content, { components }) {
  if (!path.startsWith("/api/catalog-")) return content.example;
  const shape = (schema) => {
    const name = schema?.$ref?.split("/").at(-1);
    return name ? components.schemas[name] : schema;
  };
  const needed = (value, schema) => {
    const { properties = {}, required = [], items } = shape(schema) ?? {};
    if (Array.isArray(value)) return value.map((each) => needed(each, items));
    if (value === null || typeof value !== "object") return value;
    const isLeftOut = (name) => name === "relationships" && name in properties && !required.includes(name);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !isLeftOut(name))
        .map(([name, each]) => [name, needed(each, properties[name])]),
    );
  };
  return needed(content.example, content.schema);
}

function field(id, parameter) {
  const { name, schema, required } = parameter;
  const input = make("input", { id: `${id}-try-${name}`, autocomplete: "off", spellcheck: false });
  if (required) input.value = schema.examples?.[0] ?? "";
  if (required) input.required = true;
  else if (schema.examples) input.placeholder = schema.examples[0];
  else if (schema.items?.enum) input.placeholder = schema.items.enum.join(",");
  else if (schema.enum) input.placeholder = schema.enum.join(" or ");
  return input;
}

function labelled(name, input, required) {
  const label = make("label", { htmlFor: input.id }, make("code", { textContent: name }));
  if (required) label.append(" ", make("b", { className: "need", textContent: "required" }));
  return make("div", { className: "field" }, label, input);
}

function address(path, fields) {
  const url = new URL(location.origin);
  url.pathname = path;
  for (const [{ name, in: place }, { value }] of fields) {
    if (place === "path") url.pathname = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) url.searchParams.append(name, value);
  }
  return url;
}

async function send(request, form, result) {
  const button = find("button", form);
  button.disabled = true;
  form.setAttribute("aria-busy", "true");
  const began = performance.now();
  try {
    const { method, headers, body } = request;
    const options = { method, headers, body, credentials: "omit", redirect: "error" };
    const answer = await fetch(request.url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    const took = Math.round(performance.now() - began);
    result.replaceChildren(
      make("h5", { textContent: "Request" }),
      scrolled([`${method} ${request.url.pathname}${request.url.search}`, ...hidden(headers)], body),
      make("h5", { textContent: `Answer ${answer.status} in ${took} ms` }),
      scrolled([...answer.headers].map(([name, value]) => `${name}: ${value}`), pretty(text)),
    );
  } catch (error) {
    result.replaceChildren(make("p", { textContent: `The request failed: ${error.message}` }));
  } finally {
    button.disabled = false;
    form.removeAttribute("aria-busy");
  }
}

function hidden(headers) {
  return Object.entries(headers).map(
    ([name, value]) => `${name}: ${name === "Authorization" ? HIDDEN_KEY : value}`,
  );
}

function scrolled(lines, body) {
  const shown = make("pre", { tabIndex: 0 });
  shown.append(make("code", { textContent: lines.join("\n") + (body ? `\n\n${body}` : "") }));
  return shown;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

find("#unscripted").hidden = true;
search();
nameThisServer();
keepKey();
offerTrials();
