"""Lists that are filtered, sorted and cut down, and pages of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shop import MANY, changed, expect, full_id, identifier, ids, say

if TYPE_CHECKING:
    from shop import Shop

HAT = "50% off + caf\u00e9's hat"
DOTTED_SINCE = "2023-07-15"
ODD_SKU = 'A "B", \\C (1) [2] 100% +\u00e9\u4e16'


def search(shop: Shop) -> None:
    stock(shop)
    filters(shop)
    filters_of_related(shop)
    sorts(shop)
    sparse(shop)
    included(shop)


def stock(shop: Shop) -> None:
    shop.create("category", shop.category("shoes", "Shoes, all of them"))
    shop.create("category", shop.category("sale", 'The "sale"'))
    shop.create("category", shop.category("none", "Nothing"))
    shop.create("item", shop.item("boot", "shoes", "sale", title="Boot, black (new)"))
    shop.create("item", shop.item("clog", "shoes", title="Clog & Co.", published=False))
    shop.create("item", shop.item("hat", "sale", title=HAT))
    shop.create("variant", shop.variant("boot-41", "boot"))
    odd = shop.variant("boot-42", "boot")
    odd["attributes"]["sku"] = ODD_SKU
    odd["attributes"]["published"] = False
    shop.create("variant", odd)
    shop.create("variant", shop.variant("clog-41", "clog"))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def any_of(*external_ids: str) -> str:
    return "any(ids,[" + ",".join(quoted(full_id(each)) for each in external_ids) + "])"


def belongs(shop: Shop, kind: str, external_id: str) -> str:
    field = f"{kind}.id" if shop.revision >= DOTTED_SINCE else kind
    return f"equals({field},{quoted(full_id(external_id))})"


def filters(shop: Shop) -> None:
    every = {
        "item": {
            any_of("hat", "boot", "nothing"): ["boot", "hat"],
            any_of("nothing"): [],
            belongs(shop, "category", "shoes"): ["boot", "clog"],
            belongs(shop, "category", "none"): [],
            belongs(shop, "category", "nothing"): [],
            'contains(title,"og")': ["clog"],
            'contains(title,", black (")': ["boot"],
            'contains(title,"g & C")': ["clog"],
            f"contains(title,{quoted(HAT[3:])})": ["hat"],
            'contains(title,"%")': ["hat"],
            'contains(title,"_")': [],
            "equals(published,true)": ["boot", "hat"],
            "equals(published,false)": ["clog"],
            f'{belongs(shop, "category", "shoes")},contains(title,"oo")': ["boot"],
            f"{any_of('boot', 'clog')},equals(published,false)": ["clog"],
            f"and({any_of('boot', 'clog')},equals(published,true))": ["boot"],
        },
        "variant": {
            any_of("boot-42", "clog-41"): ["boot-42", "clog-41"],
            belongs(shop, "item", "boot"): ["boot-41", "boot-42"],
            belongs(shop, "item", "hat"): [],
            'equals(sku,"SKU-boot-41")': ["boot-41"],
            'equals(sku,"SKU-boot")': [],
            f"equals(sku,{quoted(ODD_SKU)})": ["boot-42"],
            'contains(title,"-41")': ["boot-41", "clog-41"],
            "equals(published,false)": ["boot-42"],
            f'{belongs(shop, "item", "boot")},contains(title,"41")': ["boot-41"],
        },
        "category": {
            any_of("none", "sale"): ["sale", "none"],
            belongs(shop, "item", "boot"): ["shoes", "sale"],
            belongs(shop, "item", "nothing"): [],
            'contains(name,", all of")': ["shoes"],
            'contains(name,"\\"sale\\"")': ["sale"],
            f'{belongs(shop, "item", "boot")},contains(name,"Shoes")': ["shoes"],
        },
    }
    for kind, wanted in every.items():
        for text, found in wanted.items():
            seen = shop.get_many(kind, filter=text)
            expect(ids(seen), found, f"the filter {text}")
            backwards = shop.get_many(kind, filter=text, sort="-created")
            expect(ids(backwards), found[::-1], f"the filter {text}, newest first")
        say(f"filter: {len(wanted)} of {MANY[kind]}")


def filters_of_related(shop: Shop) -> None:
    """The lists of what hangs on a resource have the same filters; id lists came later."""
    for kind, name, many, wanted in (
        ("item", "boot", "variants", {'equals(sku,"SKU-boot-41")': ["boot-41"]}),
        ("item", "boot", "categories", {'contains(name,"sale")': ["sale"]}),
        ("category", "shoes", "items", {"equals(published,false)": ["clog"]}),
        ("category", "shoes", "items", {any_of("hat", "boot"): ["boot"]}),
    ):
        for text, found in wanted.items():
            seen = shop.related(kind, name, many, filter=text)
            expect(ids(seen), found, f"{many} of the {kind} {name} by {text}")
            if shop.filters_ids(kind, many):
                seen = shop.related_ids(kind, name, many, filter=text, sort="-created")
                expect(ids(seen), found[::-1], f"ids of the {many} by {text}")
                say(f"filter: ids of the {many} of one {kind}")


def sorts(shop: Shop) -> None:
    for kind, oldest_first in (
        ("item", ["boot", "clog", "hat"]),
        ("variant", ["boot-41", "boot-42", "clog-41"]),
        ("category", ["shoes", "sale", "none"]),
    ):
        for sort, wanted in (("created", oldest_first), ("-created", oldest_first[::-1])):
            expect(ids(shop.get_many(kind, sort=sort)), wanted, f"every {kind} by {sort}")
    seen = shop.related("category", "shoes", "items", sort="-created")
    expect(ids(seen), ["clog", "boot"], "items of a category, newest first")
    seen = shop.related("item", "boot", "variants", sort="-created")
    expect(ids(seen), ["boot-42", "boot-41"], "variants of an item, newest first")
    seen = shop.related("item", "boot", "categories", sort="-created")
    expect(ids(seen), ["sale", "shoes"], "categories of an item, newest first")


def sparse(shop: Shop) -> None:
    for kind, name, fields in (
        ("item", "boot", ["title", "external_id"]),
        ("variant", "boot-41", ["sku", "price"]),
        ("category", "sale", ["name"]),
    ):
        query: dict[str, Any] = {f"fields_catalog_{kind}": fields}
        alone = shop.get_one(kind, name, **query)["data"]
        expect(list(alone["attributes"]), fields, f"fields of a {kind}")
        expect(alone["id"], full_id(name), f"id of a {kind} with sparse fields")
        for one in shop.get_many(kind, **query)["data"]:
            expect(list(one["attributes"]), fields, f"fields of a listed {kind}")
        many = MANY[kind]
        owner, owned = ("category", "sale") if kind == "item" else ("item", "boot")
        for one in shop.related(owner, owned, many, **query)["data"]:
            expect(list(one["attributes"]), fields, f"fields of a related {kind}")
        if shop.writes_take_fields(kind):
            change = changed(kind, name, **{fields[0]: alone["attributes"][fields[0]]})
            shown = shop.update(kind, name, change, **query)
            expect(list(shown["attributes"]), fields, f"fields of an updated {kind}")
            gone = shop.update(kind, name, change, **{f"fields_catalog_{kind}": ["id"]})
            expect(gone["attributes"], {}, f"no fields of an updated {kind}")
    say("sparse fields: three kinds, alone, listed and related")


def included(shop: Shop) -> None:
    query: dict[str, Any] = {"include": ["variants"]}
    thin = {**query, "fields_catalog_variant": ["sku"], "fields_catalog_item": ["title"]}
    held = {"boot": ["boot-41", "boot-42"], "clog": ["clog-41"], "hat": []}
    related = ("category", "shoes", "items")
    for what, document, names in (
        ("an item", shop.get_one("item", "boot", **query), ["boot"]),
        ("an item, thin", shop.get_one("item", "clog", **thin), ["clog"]),
        ("items", shop.get_many("item", **query), ["boot", "clog", "hat"]),
        ("items, thin", shop.get_many("item", **thin), ["boot", "clog", "hat"]),
        ("items of a category", shop.related(*related, **query), ["boot", "clog"]),
        ("the same, thin", shop.related(*related, **thin), ["boot", "clog"]),
    ):
        data = document["data"] if isinstance(document["data"], list) else [document["data"]]
        expect(ids({"data": data}), names, what)
        for one, name in zip(data, names, strict=True):
            linked = one["relationships"]["variants"]["data"]
            wanted = [identifier("variant", each) for each in held[name]]
            expect(linked, wanted, f"variants of {name} in {what}")
        wanted = [each for name in names for each in held[name]]
        expect(ids({"data": document["included"]}), wanted, f"included with {what}")
        for one in document["included"]:
            expect(one["type"], "catalog-variant", f"type of what is included with {what}")
            if "thin" in what:
                expect(list(one["attributes"]), ["sku"], f"fields included with {what}")
    say("include: the variants of one item, of listed and of related items")
