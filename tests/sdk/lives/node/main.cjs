/* A shop's catalog, kept through one version of the official Node SDK.
 *
 *     node tests/sdk/lives/node/main.cjs CHAPTER HOME VERSION REVISION URL KEY
 *
 * HOME holds the SDK in its node_modules. The process ends with 0 when everything was as the
 * contract says.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { Shop, expect } = require("./shop.cjs");

const CHAPTERS = {
  methods: require("./methods.cjs").methods,
  search: require("./search.cjs").search,
  escapes: require("./search.cjs").escapes,
  pages: require("./pages.cjs").pages,
  refusals: require("./refusals.cjs").refusals,
};

async function main(chapter, home, version, revision, url, key) {
  const installed = path.join(home, "node_modules", "klaviyo-api");
  const { version: found } = JSON.parse(fs.readFileSync(path.join(installed, "package.json")));
  expect(found, version, "version of the installed SDK");
  const shop = new Shop(require(installed), revision, url, key);
  const { headers } = await shop.call(["getCatalogItems"]);
  expect(headers["x-klaviyo-api-revision"], revision, "revision the server answered in");
  expect(headers["content-type"], "application/vnd.api+json", "media type of an answer");
  await CHAPTERS[chapter](shop);
}

main(...process.argv.slice(2)).catch((failed) => {
  const { response } = failed;
  if (response) console.error(response.status, JSON.stringify(response.data ?? response.body));
  console.error(failed.stack);
  process.exitCode = 1;
});
