/* Lists that are filtered, sorted and cut down, and what is included with them. */
"use strict";

const { NEW_NAMES_SINCE, changed, expect, fullId, identifier, ids, say } = require("./shop.cjs");

const DOTTED_SINCE = "2023-07-15";
const ODD_SKU = 'A "B", \\C (1) [2] 100% +&=# \u00e9\u4e16\u{1f45f} it\'s';

async function search(shop) {
  await stock(shop);
  await filters(shop);
  await filtersOfRelated(shop);
  await sparse(shop);
  await included(shop);
}

async function stock(shop) {
  await shop.create("category", shop.category("shoes", "Shoes, all of them"));
  await shop.create("category", shop.category("sale", 'The "sale"'));
  await shop.create("category", shop.category("none", "Nothing"));
  const boot = shop.item("boot", ["shoes", "sale"], { title: "Boot, black (new)" });
  await shop.create("item", boot);
  await shop.create("item", shop.item("clog", ["shoes"], { title: "Clog & Co.", published: false }));
  await shop.create("item", shop.item("hat", ["sale"], { title: "50% off + caf\u00e9's hat" }));
  await shop.create("variant", shop.variant("boot-41", "boot"));
  await shop.create("variant", shop.variant("boot-42", "boot", { sku: ODD_SKU, published: false }));
  await shop.create("variant", shop.variant("clog-41", "clog"));
}

/* Write filters by hand, as users of versions without a builder must, or by the SDK's builder. */
function writers(sdk) {
  const text = (value) =>
    typeof value === "string" ? `"${value.replace(/[\\"]/g, "\\$&")}"` : String(value);
  const byHand = (conditions) =>
    conditions
      .map(([operator, field, value]) => {
        const shown = Array.isArray(value) ? `[${value.map(text)}]` : text(value);
        return `${operator}(${field},${shown})`;
      })
      .join(",");
  if (!sdk.FilterBuilder) return { byHand };
  const byBuilder = (conditions) =>
    conditions
      .reduce((built, [operator, field, value]) => built[operator](field, value), new sdk.FilterBuilder())
      .build();
  return { byHand, byBuilder };
}

async function filters(shop) {
  const dotted = shop.revision >= DOTTED_SINCE ? ".id" : "";
  const anyOf = (...names) => ["any", "ids", names.map(fullId)];
  const belongs = (kind, name) => ["equals", kind + dotted, fullId(name)];
  const every = {
    item: [
      [[anyOf("hat", "boot", "nothing")], ["boot", "hat"]],
      [[belongs("category", "shoes")], ["boot", "clog"]],
      [[belongs("category", "nothing")], []],
      [[["contains", "title", ", black ("]], ["boot"]],
      [[["contains", "title", "g & C"]], ["clog"]],
      [[["contains", "title", "0% off + caf\u00e9's"]], ["hat"]],
      [[["equals", "published", true]], ["boot", "hat"]],
      [[["equals", "published", false], anyOf("boot", "clog")], ["clog"]],
      [[belongs("category", "sale"), ["contains", "title", "oo"]], ["boot"]],
    ],
    variant: [
      [[anyOf("boot-42", "clog-41")], ["boot-42", "clog-41"]],
      [[belongs("item", "boot")], ["boot-41", "boot-42"]],
      [[["equals", "sku", "SKU-boot-41"]], ["boot-41"]],
      [[["equals", "sku", ODD_SKU]], ["boot-42"]],
      [[["contains", "title", "-41"], belongs("item", "clog")], ["clog-41"]],
      [[["equals", "published", false]], ["boot-42"]],
    ],
    category: [
      [[anyOf("none", "sale")], ["sale", "none"]],
      [[belongs("item", "boot")], ["shoes", "sale"]],
      [[["contains", "name", ", all of"]], ["shoes"]],
      [[["contains", "name", '"sale"']], ["sale"]],
    ],
  };
  for (const [how, write] of Object.entries(writers(shop.sdk))) {
    for (const [kind, cases] of Object.entries(every)) {
      for (const [conditions, wanted] of cases) {
        const filter = write(conditions);
        expect(ids(await shop.getMany(kind, { filter })), wanted, `the filter ${filter}`);
        const newest = { filter, sort: "-created" };
        const seen = ids(await shop.getMany(kind, newest));
        expect(seen, [...wanted].reverse(), `the filter ${filter}, newest first`);
        const oldest = { filter, sort: "created" };
        expect(ids(await shop.getMany(kind, oldest)), wanted, `the filter ${filter}, oldest first`);
      }
      say(`filters ${how}: ${cases.length} of ${kind}`);
    }
  }
}

async function filtersOfRelated(shop) {
  const anyOf = (...names) => `any(ids,[${names.map((name) => JSON.stringify(fullId(name)))}])`;
  for (const [kind, name, many, filter, wanted] of [
    ["item", "boot", "variants", 'equals(sku,"SKU-boot-41")', ["boot-41"]],
    ["item", "boot", "categories", 'contains(name,"sale")', ["sale"]],
    ["category", "shoes", "items", "equals(published,false)", ["clog"]],
    ["category", "shoes", "items", anyOf("hat", "boot"), ["boot"]],
  ]) {
    const options = { filter, sort: "-created" };
    expect(ids(await shop.related(kind, name, many, options)), wanted, `${many} by ${filter}`);
    if (shop.revision > NEW_NAMES_SINCE) {
      const seen = await shop.relatedIds(kind, name, many, options);
      expect(ids(seen), wanted, `ids of ${many} by ${filter}`);
    }
  }
  const newest = { sort: "-created" };
  expect(ids(await shop.related("category", "shoes", "items", newest)), ["clog", "boot"], "sorted");
  expect(ids(await shop.related("item", "boot", "variants", newest)), ["boot-42", "boot-41"], "too");
  say("filters and order of related lists");
}

async function sparse(shop) {
  for (const [kind, name, fields, parameter] of [
    ["item", "boot", ["title", "external_id"], "fieldsCatalogItem"],
    ["variant", "boot-41", ["sku", "price"], "fieldsCatalogVariant"],
    ["category", "sale", ["name"], "fieldsCatalogCategory"],
  ]) {
    const options = { [parameter]: fields };
    const { data } = await shop.getOne(kind, name, options);
    expect(Object.keys(data.attributes), fields, `fields of a ${kind}`);
    const listed = await shop.getMany(kind, options);
    for (const one of listed.data) expect(Object.keys(one.attributes), fields, "listed fields");
    if (shop.revision >= "2026-04-15") {
      const change = changed(kind, name, { [fields[0]]: data.attributes[fields[0]] });
      const shown = await shop.update(kind, name, change, options);
      expect(Object.keys(shown.attributes), fields, `fields of an updated ${kind}`);
    }
  }
  say("sparse fields: three kinds, alone and listed");
}

async function included(shop) {
  const whole = { include: ["variants"] };
  const thin = { ...whole, fieldsCatalogVariant: ["sku"], fieldsCatalogItem: ["title"] };
  const held = { boot: ["boot-41", "boot-42"], clog: ["clog-41"], hat: [] };
  for (const [what, document, names, isThin] of [
    ["an item", await shop.getOne("item", "boot", whole), ["boot"], false],
    ["a thin item", await shop.getOne("item", "clog", thin), ["clog"], true],
    ["items", await shop.getMany("item", whole), ["boot", "clog", "hat"], false],
    ["thin items", await shop.getMany("item", thin), ["boot", "clog", "hat"], true],
    ["related", await shop.related("category", "sale", "items", whole), ["boot", "hat"], false],
    ["thin related", await shop.related("category", "shoes", "items", thin), ["boot", "clog"], true],
  ]) {
    const data = [document.data].flat();
    expect(ids({ data }), names, what);
    data.forEach((one, place) => {
      const wanted = held[names[place]].map((name) => identifier("variant", name));
      expect(one.relationships.variants.data, wanted, `variants named by ${what}`);
      if (isThin) expect(Object.keys(one.attributes), ["title"], `fields of ${what}`);
    });
    expect(ids({ data: document.included }), names.flatMap((name) => held[name]), `in ${what}`);
    for (const one of document.included) {
      if (isThin) expect(Object.keys(one.attributes), ["sku"], `fields included with ${what}`);
    }
  }
  say("include: the variants of one item, of listed and of related items");
}

/* The SDK's builder writes what is no plain character as JSON does. */
async function escapes(shop) {
  await shop.create("item", shop.item("boot"));
  const odd = ["tab\there", "line\nthere", "return\rthere", "bell\u0007there", "\b\f\u007f", "\\n \\u0041"];
  for (const [number, sku] of odd.entries()) {
    await shop.create("variant", shop.variant(`boot-${number}`, "boot", { sku, title: sku }));
  }
  for (const [number, sku] of odd.entries()) {
    for (const operator of ["equals", "contains"]) {
      const field = operator === "equals" ? "sku" : "title";
      const filter = new shop.sdk.FilterBuilder()[operator](field, sku).build();
      const seen = ids(await shop.getMany("variant", { filter }));
      expect(seen, [`boot-${number}`], `the filter ${filter}`);
    }
  }
}

module.exports = { escapes, search };
