/* More than a page: everything is reached by every form of cursor, and back. */
"use strict";

const { ID_LISTS_HAVE_LINKS_SINCE, PAGE_SIZE_SINCE, expect, ids, say } = require("./shop.cjs");

const PAGE = 100;
const CURSORS = {
  "the whole next link": (link) => link,
  "the next link as if by https": (link) => link.replace("http://", "https://"),
  "the bare cursor": (link) => link.split("page%5Bcursor%5D=")[1],
};

async function pages(shop) {
  const names = Array.from({ length: PAGE + 3 }, (_, number) => `i-${number + 100}`);
  await shop.create("category", shop.category("all", "All"));
  for (let start = 0; start < names.length; start += PAGE) {
    const some = names.slice(start, start + PAGE).map((name) => shop.item(name, ["all"]));
    await shop.run("create", "item", some);
  }
  const items = (options) => shop.getMany("item", options);
  const related = (options) => shop.related("category", "all", "items", options);
  const relatedIds = (options) => shop.relatedIds("category", "all", "items", options);
  const lists = [items, related];
  if (shop.revision >= ID_LISTS_HAVE_LINKS_SINCE) lists.push(relatedIds);
  for (const [name, form] of Object.entries(CURSORS)) {
    const query = { filter: 'contains(title,"I-")', fieldsCatalogItem: ["title"] };
    await walk(form, names, items, { ...query, sort: "created" });
    await walk(form, [...names].reverse(), items, { ...query, sort: "-created" });
    for (const list of lists) {
      await walk(form, names, list, {});
      if (shop.revision >= PAGE_SIZE_SINCE) await walk(form, names, list, { pageSize: 40 });
    }
    say(`pages by ${name}: ${names.length} items, and back`);
  }
  expect(ids(await relatedIds()), names.slice(0, PAGE), "first page of ids");
}

async function walk(form, wanted, list, query) {
  let page = await list({ ...query });
  const found = ids(page);
  const first = found.slice();
  expect(page.links.prev, null, "prev of the first page");
  while (page.links.next) {
    expect(page.data.length, query.pageSize ?? PAGE, "resources in a full page");
    page = await list({ ...query, pageCursor: form(page.links.next) });
    found.push(...ids(page));
  }
  expect(found, wanted, "everything, page after page");
  while (page.links.prev) page = await list({ ...query, pageCursor: form(page.links.prev) });
  expect(ids(page), first, "back on the first page");
}

module.exports = { pages };
