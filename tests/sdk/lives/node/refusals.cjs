/* What is wrong with a request reaches the SDK's user as an error that tells it. */
"use strict";

const {
  KINDS,
  VARIANT_HAS_ONE_ITEM_SINCE,
  changed,
  expect,
  fullId,
  identifier,
  ids,
  say,
} = require("./shop.cjs");

const TITLES = {
  400: ["invalid", "Invalid input."],
  401: ["authentication_failed", "Incorrect authentication credentials."],
  404: ["not_found", "Not found."],
  409: ["conflict", "Conflict."],
};
const UNKNOWN_JOB = "01J00000000000000000000001";
const GONE = fullId("nothing");

async function refusals(shop) {
  await shop.create("category", shop.category("shoes", "Shoes"));
  await shop.create("category", shop.category("sale", "Sale"));
  await shop.create("item", shop.item("boot", ["shoes"]));
  await shop.create("variant", shop.variant("boot-41", "boot"));
  await unknown(shop);
  await conflicts(shop);
  await badBodies(shop);
  await badQueries(shop);
}

/* The one error that a call must be refused with. */
async function refused(status, promise, detail, source) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    const { response } = error;
    if (!response) throw error;
    const body = response.data ?? response.body;
    // Older SDKs don't take every answer that is JSON for such.
    const { errors } = body.errors ? body : JSON.parse(response.text);
    expect(errors.length, 1, "number of errors");
    const [{ code, title, detail: told, source: from, id }] = errors;
    expect([response.status, code, title], [status, ...TITLES[status]], `a refusal: ${told}`);
    if (detail) expect(told, detail, "detail");
    if (source) expect(from, source, `source of: ${told}`);
    if (!id) throw new Error("an error without an id");
    say(`${response.status} ${code}: ${told}`);
    return;
  }
  throw new Error(`this was answered and should not have been: ${JSON.stringify(answer)}`);
}

async function unknown(shop) {
  const stranger = shop.stranger();
  const wrongKey = "Incorrect authentication credentials.";
  await refused(401, stranger.getMany("item"), wrongKey);
  await refused(401, stranger.create("item", shop.item("hat")), wrongKey);
  const pointer = { pointer: "/data/" };
  const item = `An item with the id \`${GONE}\` does not exist.`;
  const variant = `A variant with id ${GONE} does not exist.`;
  const category = `No category with ID \`${GONE}\` exists.`;
  for (const [kind, read, written] of [
    ["item", `An item with id ${GONE} does not exist.`, item],
    ["variant", variant, variant],
    ["category", `No category with the ID \`${GONE}\` exists.`, category],
  ]) {
    const change = changed(kind, "nothing", { [kind === "category" ? "name" : "title"]: "New" });
    await refused(404, shop.getOne(kind, "nothing"), read, pointer);
    await refused(404, shop.update(kind, "nothing", change), written, pointer);
    await refused(404, shop.delete(kind, "nothing"), written, pointer);
  }
  await refused(404, shop.related("item", "nothing", "variants"));
  await refused(404, shop.relatedIds("category", "nothing", "items"));
  await refused(404, shop.link("create", "item", "nothing", "categories", "shoes"));
  for (const [verb, kind] of KINDS) {
    const detail = `A catalog-${kind} bulk ${verb} job with id ${UNKNOWN_JOB} does not exist.`;
    await refused(404, shop.job(verb, kind, UNKNOWN_JOB), detail, pointer);
  }
}

async function conflicts(shop) {
  const pointer = { pointer: "/data/attributes/external_id" };
  for (const [kind, again, name] of [
    ["item", shop.item("boot"), "An item with the external id `boot`"],
    ["variant", shop.variant("boot-41", "boot"), "A variant with the external id `boot-41`"],
    ["category", shop.category("shoes", "Others"), "A category with the external id `shoes`"],
  ]) {
    await refused(409, shop.create(kind, again), `${name} already exists.`, pointer);
  }
  const again = (kind, name) =>
    `One or more of the relations specified for the ${kind} with id \`${fullId(name)}\` already exists.`;
  const source = { pointer: "/data/id" };
  const onItem = shop.link("create", "item", "boot", "categories", "sale", "shoes");
  await refused(409, onItem, again("item", "boot"), source);
  const onCategory = shop.link("create", "category", "shoes", "items", "boot");
  await refused(409, onCategory, again("category", "shoes"), source);
  await refused(404, shop.link("delete", "item", "boot", "categories", "sale"));
  expect(ids(await shop.related("item", "boot", "categories")), ["shoes"], "after refused links");
}

async function badBodies(shop) {
  const stray = shop.item("stray", ["nothing"]);
  await refused(400, shop.create("item", stray), "Invalid category information.");
  const orphan = shop.variant("stray-1", "nothing");
  await refused(404, shop.create("variant", orphan), `An item with the id \`${GONE}\` does not exist.`);
  const tooLong = { pointer: "/data/attributes/external_id" };
  await refused(400, shop.create("item", shop.item("x".repeat(256))), undefined, tooLong);
  const elsewhere = shop.update("item", "boot", changed("item", "clog", { title: "New" }));
  await refused(400, elsewhere, undefined, { pointer: "/data/id" });
  const incomplete = shop.category("half", "Half");
  delete incomplete.attributes.external_id;
  const required = "'external_id' is a required field for the resource 'catalog-category'.";
  await refused(400, shop.create("category", incomplete), required, tooLong);
  const many = Array.from({ length: 101 }, (_, number) => identifier("item", String(number)));
  await refused(400, shop.post("delete", "item", many));
  await refused(400, shop.post("delete", "item", []));
  expect((await shop.jobs("delete", "item")).data, [], "jobs after refused ones");
}

async function badQueries(shop) {
  const from = { parameter: "filter" };
  const allowed = "'equals' is not an allowed filter operator for title.  Allowed operators are contains";
  const dotted = shop.revision < VARIANT_HAS_ONE_ITEM_SINCE ? ".id" : "";
  for (const [filter, detail] of [
    ['equals(title,"Boot")', allowed],
    ['contains(title,"Boot"', "Invalid filter provided"],
    ['contains(title,"Boot)', "Invalid filter provided"],
    ['equals(published,"yes")', undefined],
    [`equals(category${dotted},"${fullId("shoes")}")`, undefined],
  ]) {
    await refused(400, shop.getMany("item", { filter }), detail, from);
  }
  await refused(400, shop.getMany("item", { sort: "title" }), undefined, { parameter: "sort" });
  const parameter = "fields[catalog-item]";
  const wrong = shop.getMany("item", { fieldsCatalogItem: ["colour"] });
  await refused(400, wrong, undefined, { parameter });
  const include = shop.getMany("item", { include: ["categories"] });
  const detail = "'categories' is not an allowed include parameter for this resource.";
  await refused(400, include, detail, { parameter: "include" });
  for (const pageCursor of ["bm90IGEgY3Vyc29y", "\u00e9", "x".repeat(300)]) {
    const pointer = { pointer: "/data/" };
    await refused(400, shop.getMany("item", { pageCursor }), "Invalid cursor provided.", pointer);
  }
  if (shop.revision >= "2026-04-15") {
    for (const pageSize of [0, 101, -1, 1.5]) {
      const source = { parameter: "page[size]" };
      await refused(400, shop.getMany("item", { pageSize }), undefined, source);
    }
  }
}

module.exports = { refusals };
