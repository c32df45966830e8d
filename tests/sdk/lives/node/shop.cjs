"use strict";

const { isDeepStrictEqual } = require("node:util");

const DEADLINE = 20_000;
const MANY = { item: "items", variant: "variants", category: "categories" };
const KINDS = ["create", "update", "delete"].flatMap((verb) =>
  Object.keys(MANY).map((kind) => [verb, kind]),
);
const LISTS_WRAPPED_SINCE = "2023-07-15";
const VARIANT_HAS_ONE_ITEM_SINCE = "2023-07-15";
const ID_LEFT_ATTRIBUTES = "2023-12-15";
const ID_LISTS_HAVE_LINKS_SINCE = "2026-01-15";
const PAGE_SIZE_SINCE = "2026-04-15";
const NEW_NAMES_SINCE = "2024-10-15";
const ALSO_PROPERTIES = ["constructor", "basePath", "defaultHeaders", "useQuerystring"];
const BESIDE_CATALOGS = ["createBackInStockSubscription"]; // not a path of the catalog

function say(line) {
  console.log(line);
}

/* Lists in their order, members of objects in any; whatever was not sent is not there. */
function expect(actual, wanted, what) {
  if (!isDeepStrictEqual(actual, wanted)) {
    const shown = `wanted ${JSON.stringify(wanted)}\n  got    ${JSON.stringify(actual)}`;
    throw new Error(`not as the contract says: ${what}\n  ${shown}`);
  }
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

function camel(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

function fullId(externalId) {
  return "$custom:::$default:::" + externalId;
}

function ids(document) {
  return document.data.map((one) => one.id.slice(fullId("").length));
}

function sorted(list) {
  return [...list].sort();
}

function identifier(kind, externalId) {
  return { type: `catalog-${kind}`, id: fullId(externalId) };
}

function reference(kind, ...externalIds) {
  return { data: externalIds.map((externalId) => identifier(kind, externalId)) };
}

function changed(kind, externalId, attributes) {
  return { ...identifier(kind, externalId), attributes };
}

function some(attributes, like) {
  return Object.fromEntries(Object.keys(like).map((name) => [name, attributes[name]]));
}

/* The catalog methods of an SDK under all their names, and how often each name was called. */
class Methods {
  constructor(api) {
    this.api = api;
    this.called = new Map();
    const named = new Map();
    // The oldest versions give each object methods of its own.
    for (const owner of [Object.getPrototypeOf(api), api]) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
        if (typeof value !== "function" || ALSO_PROPERTIES.includes(name)) continue;
        if (BESIDE_CATALOGS.includes(name)) continue;
        named.set(value, [...(named.get(value) ?? []), name]);
      }
    }
    this.names = new Map([...named.values()].flatMap((names) => names.map((name) => [name, names])));
  }

  /* Call a method under whichever of its names was called least. */
  call(name, ...args) {
    const chosen = this.names
      .get(name)
      .reduce((least, each) => (this.times(each) < this.times(least) ? each : least));
    this.called.set(chosen, this.times(chosen) + 1);
    return this.api[chosen](...args);
  }

  times(name) {
    return this.called.get(name) ?? 0;
  }
}

/* The operations of one SDK version under names and shapes that do not change. */
class Shop {
  constructor(sdk, revision, url, key) {
    this.sdk = sdk;
    this.revision = revision;
    this.url = url;
    this.isTyped = Boolean(sdk.ApiKeySession);
    if (this.isTyped) {
      const once = sdk.RetryOptions && new sdk.RetryOptions({ numOfAttempts: 1, startingDelay: 1 });
      this.api = new sdk.CatalogsApi(new sdk.ApiKeySession(key, once));
      this.api.basePath = url;
    } else {
      const client = sdk.ConfigWrapper(key, { numOfAttempts: 1 });
      client.basePath = url;
      this.api = new sdk.CatalogsApi(client);
    }
    this.methods = new Methods(this.api);
  }

  /* How many operations this version has, whatever the number of their names. */
  get operations() {
    return new Set(this.methods.names.values()).size;
  }

  stranger() {
    return new Shop(this.sdk, this.revision, this.url, "pk_" + "0".repeat(34));
  }

  has(...names) {
    return names.some((name) => this.methods.names.has(name));
  }

  nameOf(names) {
    const found = names.find((name) => this.methods.names.has(name));
    if (!found) throw new Error(`this version has none of ${names}`);
    return found;
  }

  /* Call the newest of `names`. Gives what the server sent; the SDK's own objects must agree. */
  async call(names, ...args) {
    const answer = await this.methods.call(this.nameOf(names), ...args);
    if (!this.isTyped) return { document: answer.body, headers: answer.headers, status: answer.status };
    const { response, body } = answer;
    if (body?.data) agrees(body.data, response.data.data);
    return { document: response.data, headers: response.headers, status: response.status };
  }

  async document(names, ...args) {
    return (await this.call(names, ...args)).document;
  }

  getOne(kind, externalId, options) {
    return this.document([`getCatalog${capital(kind)}`], fullId(externalId), options);
  }

  async attributes(kind, externalId) {
    return (await this.getOne(kind, externalId)).data.attributes;
  }

  getMany(kind, options) {
    return this.document([`getCatalog${capital(MANY[kind])}`], options);
  }

  related(kind, externalId, many, options) {
    return this.document(relatedNames(kind, many), fullId(externalId), options);
  }

  relatedIds(kind, externalId, many, options) {
    return this.document(relatedIdsNames(kind, many), fullId(externalId), options);
  }

  link(verb, kind, externalId, many, ...others) {
    const other = Object.keys(MANY).find((each) => MANY[each] === many);
    const where = this.addressed(fullId(externalId), reference(other, ...others));
    return this.call(linkNames(verb, kind, many), ...where);
  }

  /* An id and a body in the order in which this version takes them. */
  addressed(id, body) {
    return this.isTyped ? [id, body] : [body, id];
  }

  async create(kind, resource) {
    const { document, status } = await this.call([`createCatalog${capital(kind)}`], {
      data: this.written(resource),
    });
    expect(status, 201, `status of a created ${kind}`);
    return document.data;
  }

  async update(kind, externalId, resource, ...options) {
    const where = this.addressed(fullId(externalId), { data: this.written(resource) });
    return (await this.document([`updateCatalog${capital(kind)}`], ...where, ...options)).data;
  }

  async delete(kind, externalId) {
    const { status } = await this.call([`deleteCatalog${capital(kind)}`], fullId(externalId));
    expect(status, 204, `status of a deleted ${kind}`);
  }

  /* A resource as this version wants it: the typed ones write attributes in camel case. */
  written(resource) {
    if (!this.isTyped || !resource.attributes) return resource;
    const attributes = Object.fromEntries(
      Object.entries(resource.attributes).map(([name, value]) => [camel(name), value]),
    );
    return { ...resource, attributes };
  }

  async post(verb, kind, operations) {
    const list = operations.map((each) => this.written(each));
    const wrapped = this.revision >= LISTS_WRAPPED_SINCE;
    const attributes = { [MANY[kind]]: wrapped ? { data: list } : list };
    const body = { data: { type: `catalog-${kind}-bulk-${verb}-job`, attributes } };
    const { document, status } = await this.call(postNames(verb, kind), body);
    expect(status, 202, `status of an accepted ${kind} ${verb} job`);
    return this.jobId(document.data);
  }

  job(verb, kind, jobId, options) {
    return this.document(jobNames(verb, kind), jobId, options);
  }

  jobs(verb, kind, options) {
    return this.document(jobsNames(verb, kind), options);
  }

  jobId(job) {
    return this.revision >= ID_LEFT_ATTRIBUTES ? job.id : job.attributes.job_id;
  }

  /* Post a job, poll it to its end, check it; gives what it included, by external id. */
  async run(verb, kind, operations, ...refusals) {
    const what = `${kind} ${verb} job`;
    const jobId = await this.post(verb, kind, operations);
    const end = Date.now() + DEADLINE;
    while ((await this.job(verb, kind, jobId)).data.attributes.status === "processing") {
      if (Date.now() > end) throw new Error(`the ${what} never came to an end`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const options = verb === "delete" ? {} : { include: [MANY[kind]] };
    const { data, included = [] } = await this.job(verb, kind, jobId, options);
    const { status, total_count, completed_count, failed_count, errors = [] } = data.attributes;
    const done = operations.length - refusals.length;
    expect(status, "complete", `status of the ${what}`);
    const counts = [total_count, completed_count, failed_count];
    expect(counts, [operations.length, done, refusals.length], `counts of the ${what}`);
    expect(errors.map((error) => error.detail), refusals, `errors of the ${what}`);
    say(`${what}: ${done} done, ${refusals.length} refused`);
    return Object.fromEntries(included.map((one) => [one.attributes.external_id, one.attributes]));
  }

  item(externalId, categories = [], attributes = {}) {
    const made = {
      type: "catalog-item",
      attributes: {
        external_id: externalId,
        title: capital(externalId),
        description: `The ${externalId}`,
        url: `https://shop.example/${encodeURIComponent(externalId)}`,
        ...attributes,
      },
    };
    if (categories.length) made.relationships = { categories: reference("category", ...categories) };
    return made;
  }

  variant(externalId, item, attributes = {}) {
    const parent = identifier("item", item);
    const one = this.revision >= VARIANT_HAS_ONE_ITEM_SINCE;
    return {
      type: "catalog-variant",
      attributes: {
        external_id: externalId,
        title: capital(externalId),
        description: `The ${externalId}`,
        sku: `SKU-${externalId}`,
        inventory_policy: 1,
        inventory_quantity: 10,
        price: 129.5,
        url: `https://shop.example/${encodeURIComponent(externalId)}`,
        ...attributes,
      },
      relationships: one ? { item: { data: parent } } : { items: { data: [parent] } },
    };
  }

  category(externalId, name) {
    return { type: "catalog-category", attributes: { external_id: externalId, name } };
  }
}

/* The SDK's objects tell the same as what was sent, in camel case and with dates. */
function agrees(typed, sent) {
  const pairs = Array.isArray(sent) ? sent.map((one, place) => [typed[place], one]) : [[typed, sent]];
  for (const [mine, theirs] of pairs) {
    expect([mine.type, mine.id], [theirs.type, theirs.id], "type and id of an object of the SDK");
    for (const [name, value] of Object.entries(theirs.attributes ?? {})) {
      const seen = mine.attributes[camel(name)];
      if (seen instanceof Date) {
        expect(seen.getTime(), Date.parse(value), `${name} of an object of the SDK`);
      } else if (value === null || typeof value !== "object") {
        expect(seen, value, `${name} of an object of the SDK`);
      }
    }
  }
}

function postNames(verb, kind) {
  const many = capital(MANY[kind]);
  return [`bulk${capital(verb)}Catalog${many}`, `spawn${capital(verb)}${many}Job`];
}

function jobNames(verb, kind) {
  const many = capital(MANY[kind]);
  const stem = `getBulk${capital(verb)}`;
  return [`${stem}Catalog${many}Job`, `${stem}${many}Job`, `get${capital(verb)}${many}Job`];
}

function jobsNames(verb, kind) {
  return jobNames(verb, kind).map((name) => name + "s");
}

function relatedNames(kind, many) {
  return [`get${capital(many)}ForCatalog${capital(kind)}`, `getCatalog${capital(kind)}${capital(many)}`];
}

function relatedIdsNames(kind, many) {
  const one = capital(Object.keys(MANY).find((each) => MANY[each] === many));
  const old = `getCatalog${capital(kind)}Relationships${capital(many)}`;
  return [`get${one}IdsForCatalog${capital(kind)}`, old];
}

function linkNames(verb, kind, many) {
  const [ofMany, ofKind] = [capital(many), capital(kind)];
  const names = {
    create: `add${ofMany}ToCatalog${ofKind}`,
    update: `update${ofMany}ForCatalog${ofKind}`,
    delete: `remove${ofMany}FromCatalog${ofKind}`,
  };
  return [names[verb], `${verb}Catalog${ofKind}Relationships${ofMany}`];
}

module.exports = {
  ID_LISTS_HAVE_LINKS_SINCE,
  KINDS,
  MANY,
  NEW_NAMES_SINCE,
  PAGE_SIZE_SINCE,
  Shop,
  VARIANT_HAS_ONE_ITEM_SINCE,
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
};
