/* Every catalog method under every name it has: single calls, links and jobs, effects checked. */
"use strict";

const {
  KINDS,
  NEW_NAMES_SINCE,
  changed,
  expect,
  fullId,
  identifier,
  ids,
  jobNames,
  jobsNames,
  linkNames,
  postNames,
  reference,
  say,
  some,
  sorted,
} = require("./shop.cjs");

const ODD = "odd/one + 100% \u00e9?&#'(*)!~\u4e16";

async function methods(shop) {
  await creates(shop);
  await updates(shop);
  await links(shop);
  await oddIds(shop);
  await deletes(shop);
  await jobs(shop);
  await otherNamesOfJobs(shop);
  expect(shop.operations, shop.revision > NEW_NAMES_SINCE ? 54 : 53, "operations of this version");
  expect(sorted(shop.methods.called.keys()), sorted(shop.methods.names.keys()), "called methods");
  say(`${shop.methods.names.size} names of methods were called`);
}

async function creates(shop) {
  for (const [externalId, name] of [["shoes", "Shoes"], ["sale", "Sale"]]) {
    const made = await shop.create("category", shop.category(externalId, name));
    expect([made.type, made.id], ["catalog-category", fullId(externalId)], "a created category");
    expect(made.attributes.name, name, "name of a created category");
  }
  const boot = shop.item("boot", ["shoes"], {
    images: ["https://shop.example/boot.png"],
    image_full_url: "https://shop.example/boot.png",
    custom_metadata: { season: "winter", in_stock: true },
    published: false,
    price: 12.5,
  });
  const made = await shop.create("item", boot);
  expect([made.type, made.id], ["catalog-item", fullId("boot")], "a created item");
  expect(some(made.attributes, boot.attributes), boot.attributes, "attributes of a created item");
  await shop.create("item", shop.item("clog"));
  const defaults = {
    image_full_url: "",
    image_thumbnail_url: "",
    images: [],
    custom_metadata: {},
    published: true,
  };
  const seen = await shop.attributes("item", "clog");
  expect(some(seen, defaults), defaults, "attributes an item was created without");
  for (const name of ["boot-41", "boot-42"]) {
    const variant = shop.variant(name, "boot");
    const { attributes } = await shop.create("variant", variant);
    expect(some(attributes, variant.attributes), variant.attributes, "a created variant");
    expect(await shop.attributes("variant", name), attributes, "a variant that is read again");
  }
  const winter = shop.category("winter", "Winter");
  await shop.create("category", {
    ...winter,
    relationships: { items: reference("item", "boot", "clog") },
  });
  expect(sorted(ids(await shop.related("category", "winter", "items"))), ["boot", "clog"], "items");
  expect(ids(await shop.getMany("item")), ["boot", "clog"], "every item");
  expect(ids(await shop.getMany("variant")), ["boot-41", "boot-42"], "every variant");
  expect(ids(await shop.getMany("category")), ["shoes", "sale", "winter"], "every category");
  say("create: three kinds, with relationships");
}

async function updates(shop) {
  const before = await shop.attributes("item", "boot");
  const change = { title: "Winter boot", published: true, price: 129.5 };
  await shop.update("item", "boot", {
    ...changed("item", "boot", change),
    relationships: { categories: reference("category", "sale") },
  });
  const after = await shop.attributes("item", "boot");
  expect(after, { ...before, ...change, updated: after.updated }, "an updated item");
  expect(ids(await shop.related("item", "boot", "categories")), ["sale"], "categories in place");

  const cheaper = { price: 99, sku: "B-41", inventory_policy: 2, inventory_quantity: 3 };
  const was = await shop.attributes("variant", "boot-41");
  await shop.update("variant", "boot-41", changed("variant", "boot-41", cheaper));
  const is = await shop.attributes("variant", "boot-41");
  expect(is, { ...was, ...cheaper, updated: is.updated }, "an updated variant");

  await shop.update("category", "sale", {
    ...changed("category", "sale", { name: "Summer sale" }),
    relationships: { items: reference("item", "boot", "clog") },
  });
  expect((await shop.attributes("category", "sale")).name, "Summer sale", "an updated category");
  expect(sorted(ids(await shop.related("category", "sale", "items"))), ["boot", "clog"], "items");
  say("update: three kinds, with relationships");
}

async function links(shop) {
  for (const [kind, name, many, others] of [
    ["item", "clog", "categories", ["shoes", "sale", "winter"]],
    ["category", "shoes", "items", ["boot", "clog"]],
  ]) {
    const [other, back] = kind === "item" ? ["category", "items"] : ["item", "categories"];
    const are = async (...wanted) => {
      const what = `${many} of the ${kind} ${name}`;
      expect(sorted(ids(await shop.related(kind, name, many))), sorted(wanted), what);
      expect(sorted(ids(await shop.relatedIds(kind, name, many))), sorted(wanted), `ids of ${what}`);
      for (const one of others) {
        const there = ids(await shop.relatedIds(other, one, back)).includes(name);
        expect(there, wanted.includes(one), `${name} among the ${back} of ${one}`);
      }
    };
    await shop.link("update", kind, name, many);
    await are();
    // As many times as the method has names, so that each name is used.
    const names = shop.methods.names.get(shop.nameOf(linkNames("create", kind, many)));
    for (let turn = 0; turn < names.length; turn += 1) {
      expect((await shop.link("create", kind, name, many, ...others)).status, 204, "added");
      await are(...others);
      expect((await shop.link("delete", kind, name, many, others[0])).status, 204, "removed");
      await are(...others.slice(1));
      // Observed: replacing the categories of an item answers 200, that of the items 204.
      const { status } = await shop.link("update", kind, name, many, others[0]);
      expect(status, kind === "item" ? 200 : 204, `replaced ${many}`);
      await are(others[0]);
      await shop.link("delete", kind, name, many, others[0]);
      await are();
    }
  }
  for (const [name, wanted] of [["boot", ["boot-41", "boot-42"]], ["clog", []]]) {
    for (let turn = 0; turn < 2; turn += 1) {
      expect(ids(await shop.related("item", name, "variants")), wanted, `variants of ${name}`);
      if (shop.has("getVariantIdsForCatalogItem")) {
        const seen = await shop.relatedIds("item", name, "variants");
        expect(ids(seen), wanted, `ids of the variants of ${name}`);
      }
    }
  }
  say("link: added, replaced and removed from both sides");
}

async function oddIds(shop) {
  await shop.create("item", shop.item(ODD));
  await shop.create("variant", shop.variant(ODD, ODD));
  await shop.create("category", shop.category(ODD, ODD));
  await shop.link("create", "item", ODD, "categories", ODD);
  expect(ids(await shop.related("item", ODD, "variants")), [ODD], "variant of an odd id");
  expect(ids(await shop.related("category", ODD, "items")), [ODD], "item of an odd id");
  for (const kind of ["category", "variant", "item"]) {
    const name = kind === "category" ? "name" : "title";
    await shop.update(kind, ODD, changed(kind, ODD, { [name]: `Odd ${ODD}` }));
    expect((await shop.attributes(kind, ODD))[name], `Odd ${ODD}`, `${name} of an odd ${kind}`);
    await shop.delete(kind, ODD);
  }
  say(`odd ids: ${ODD}`);
}

async function deletes(shop) {
  await shop.link("update", "item", "boot", "categories", "sale", "winter");
  await shop.delete("variant", "boot-42");
  expect(ids(await shop.getMany("variant")), ["boot-41"], "variants that are left");
  await shop.delete("category", "sale");
  expect(ids(await shop.related("item", "boot", "categories")), ["winter"], "categories left");
  await shop.delete("item", "boot");
  expect(ids(await shop.getMany("variant")), [], "variants of a deleted item");
  expect(ids(await shop.related("category", "winter", "items")), [], "items of a category");
  for (const kind of ["item", "category"]) {
    for (const name of ids(await shop.getMany(kind))) await shop.delete(kind, name);
    expect(ids(await shop.getMany(kind)), [], `every ${kind} deleted`);
  }
  say("delete: three kinds, and what went with them");
}

async function jobs(shop) {
  const named = (one) => sorted(Object.keys(one));
  const categories = [shop.category("shoes", "Shoes"), shop.category("sale", "Sale")];
  expect(named(await shop.run("create", "category", categories)), ["sale", "shoes"], "included");
  const boot = shop.item("boot", ["shoes"], { custom_metadata: { season: "winter" } });
  expect(named(await shop.run("create", "item", [boot, shop.item("clog")])), ["boot", "clog"], "");
  const again = "An item with the external id `boot` already exists.";
  const made = await shop.run("create", "item", [shop.item("boot"), shop.item("hat")], again);
  expect(named(made), ["hat"], "included by a job that failed in part");
  const variants = [shop.variant("boot-41", "boot"), shop.variant("boot-42", "boot")];
  expect(named(await shop.run("create", "variant", variants)), ["boot-41", "boot-42"], "included");

  const update = changed("item", "boot", { title: "Winter boot" });
  update.relationships = { categories: reference("category", "sale") };
  const lost = changed("item", "lost", { title: "Lost" });
  const missing = (kind, name) =>
    `${kind === "item" ? "An" : "A"} ${kind} with the id \`${fullId(name)}\` does not exist.`;
  const seen = await shop.run("update", "item", [update, lost], missing("item", "lost"));
  const kept = { title: "Winter boot", custom_metadata: { season: "winter" } };
  expect(some(seen.boot, kept), kept, "an item updated by a job");
  expect(ids(await shop.related("item", "boot", "categories")), ["sale"], "its categories");
  const cheap = await shop.run("update", "variant", [changed("variant", "boot-41", { price: 9 })]);
  expect(cheap["boot-41"].price, 9, "price of a variant updated by a job");
  const sale = [changed("category", "sale", { name: "Summer sale" })];
  expect((await shop.run("update", "category", sale)).sale.name, "Summer sale", "a category");

  const gone = [identifier("variant", "boot-42"), identifier("variant", "boot-43")];
  await shop.run("delete", "variant", gone, missing("variant", "boot-43"));
  await shop.run("delete", "category", [identifier("category", "sale")]);
  await shop.run("delete", "item", [identifier("item", "boot"), identifier("item", "clog")]);
  expect(ids(await shop.getMany("variant")), [], "variants after their item was deleted");
  expect(ids(await shop.getMany("item")), ["hat"], "items that are left");
  for (const [verb, kind] of KINDS) {
    const { data } = await shop.jobs(verb, kind, { filter: 'equals(status,"complete")' });
    if (!data.length) throw new Error(`no ${kind} ${verb} jobs`);
    expect(new Set(data.map((job) => job.type)), new Set([`catalog-${kind}-bulk-${verb}-job`]), "");
    const none = await shop.jobs(verb, kind, { filter: 'equals(status,"processing")' });
    expect(none.data, [], `${kind} ${verb} jobs in progress`);
  }
}

async function otherNamesOfJobs(shop) {
  for (const [verb, kind] of KINDS) {
    const counted = [postNames, jobNames, jobsNames].map(
      (names) => shop.methods.names.get(shop.nameOf(names(verb, kind))).length,
    );
    const missing = (name) =>
      `${kind === "item" ? "An" : "A"} ${kind} with the id \`${fullId(name)}\` does not exist.`;
    for (let turn = 1; turn < Math.max(...counted); turn += 1) {
      const name = `new-${turn}`;
      const made = { item: [name], variant: [name, "new-1"], category: [name, "New"] };
      if (verb === "create") await shop.run(verb, kind, [shop[kind](...made[kind])]);
      else if (verb === "update") {
        await shop.run(verb, kind, [changed(kind, "lost", {})], missing("lost"));
      } else await shop.run(verb, kind, [identifier(kind, "lost")], missing("lost"));
      await shop.jobs(verb, kind);
    }
  }
}

module.exports = { methods };
