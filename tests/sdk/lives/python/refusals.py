"""What single calls and lists of resources refuse, and how."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from errors import Refusal
from shop import VARIANT_HAS_ONE_ITEM_SINCE, changed, expect, full_id, identifier, ids, say

if TYPE_CHECKING:
    from shop import Shop

UNKNOWN = "nothing"
ARTICLES = {"item": "An item", "variant": "A variant", "category": "A category"}


def refusals(shop: Shop) -> None:
    shop.create("category", shop.category("shoes", "Shoes"))
    shop.create("item", shop.item("boot", "shoes"))
    shop.create("variant", shop.variant("boot-41", "boot"))
    unknown_resources(shop)
    duplicates(shop)
    unknown_relations(shop)
    links(shop)
    bad_bodies(shop)
    bad_queries(shop)


def expect_words(refusal: Refusal, detail: str, **source: str) -> None:
    expect(refusal.detail, detail, "detail")
    expect(refusal.source, source, f"source of: {detail}")


def unknown_resources(shop: Shop) -> None:
    gone = full_id(UNKNOWN)
    for kind, article in ARTICLES.items():
        read = f"{article} with id {gone} does not exist."
        written = f"{article} with the id `{gone}` does not exist."
        if kind == "variant":
            written = read
        if kind == "category":
            read = f"No category with the ID `{gone}` exists."
            written = f"No category with ID `{gone}` exists."
        expect_words(Refusal.of(404, shop.get_one, kind, UNKNOWN), read, pointer="/data/")
        change = changed(kind, UNKNOWN, **{"name" if kind == "category" else "title": "New"})
        expect_words(Refusal.of(404, shop.update, kind, UNKNOWN, change), written, pointer="/data/")
        expect_words(Refusal.of(404, shop.delete, kind, UNKNOWN), written, pointer="/data/")
    for kind, many in (("item", "variants"), ("item", "categories"), ("category", "items")):
        Refusal.of(404, shop.related, kind, UNKNOWN, many)
        if many != "variants":
            Refusal.of(404, shop.related_ids, kind, UNKNOWN, many)
            other = "boot" if many == "items" else "shoes"
            for verb in ("create", "update", "delete"):
                Refusal.of(404, shop.link, verb, kind, UNKNOWN, many, other)


def duplicates(shop: Shop) -> None:
    pointer = "/data/attributes/external_id"
    for kind, again in (
        ("item", shop.item("boot", title="Another")),
        ("variant", shop.variant("boot-41", "boot")),
        ("category", shop.category("shoes", "Others")),
    ):
        refusal = Refusal.of(409, shop.create, kind, again)
        name = again["attributes"]["external_id"]
        detail = f"{ARTICLES[kind]} with the external id `{name}` already exists."
        expect_words(refusal, detail, pointer=pointer)
    expect(shop.attributes("item", "boot")["title"], "Boot", "an item after a refused duplicate")
    expect(shop.attributes("category", "shoes")["name"], "Shoes", "a category after the same")


def unknown_relations(shop: Shop) -> None:
    expect_words(
        Refusal.of(400, shop.create, "item", shop.item("stray", UNKNOWN)),
        "Invalid category information.",
        pointer="/data/relationships/categories/data/id",
    )
    refusal = Refusal.of(404, shop.create, "variant", shop.variant("stray-1", UNKNOWN))
    many = shop.revision < VARIANT_HAS_ONE_ITEM_SINCE
    expect_words(
        refusal,
        f"An item with the id `{full_id(UNKNOWN)}` does not exist.",
        pointer=f"/data/relationships/{'items/data/0' if many else 'item/data'}/id",
    )
    category = shop.category("stray", "Stray")
    category["relationships"] = {"items": {"data": [identifier("item", UNKNOWN)]}}
    Refusal.of(404, shop.create, "category", category)
    for kind, name in (("item", "stray"), ("variant", "stray-1"), ("category", "stray")):
        Refusal.of(404, shop.get_one, kind, name)


def links(shop: Shop) -> None:
    shop.create("category", shop.category("sale", "Sale"))
    again = "One or more of the relations specified for the {} with id `{}` already exists."
    for kind, name, many, there, new in (
        ("item", "boot", "categories", "shoes", "sale"),
        ("category", "shoes", "items", "boot", "boot"),
    ):
        refusal = Refusal.of(409, shop.link, "create", kind, name, many, new, there)
        expect_words(refusal, again.format(kind, full_id(name)), pointer="/data/id")
    expect(ids(shop.related("item", "boot", "categories")), ["shoes"], "after refused links")
    Refusal.of(404, shop.link, "delete", "item", "boot", "categories", "sale")
    for verb in ("create", "update", "delete"):
        for kind, name, many in (("item", "boot", "categories"), ("category", "sale", "items")):
            refusal = Refusal(partial(shop.link, verb, kind, name, many, UNKNOWN))
            assert refusal.what[0] in {400, 404}, f"{verb} of an unknown link: {refusal.what}"
    expect(ids(shop.related("item", "boot", "categories")), ["shoes"], "after refused links")


def bad_bodies(shop: Shop) -> None:
    for kind, wrong in (
        ("item", shop.item("x" * 256)),
        ("variant", shop.variant("x" * 256, "boot")),
        ("category", shop.category("x" * 256, "Too long")),
    ):
        refusal = Refusal.of(400, shop.create, kind, wrong)
        expect(refusal.source, {"pointer": "/data/attributes/external_id"}, "too long an id")
        before = ids(shop.get_many(kind))
        name = before[0]
        elsewhere = changed(kind, "another", **{"name" if kind == "category" else "title": "New"})
        refusal = Refusal.of(400, shop.update, kind, name, elsewhere)
        expect(refusal.source, {"pointer": "/data/id"}, "another id in the body")
    say("refused bodies")


def bad_queries(shop: Shop) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "item": {
            'equals(title,"Boot")': "'equals' is not an allowed filter operator for title."
            "  Allowed operators are contains",
            'contains(title,"Boot': "Invalid filter provided",
            'equals(published,"yes")': None,
            'any(ids,"boot")': None,
            'contains(sku,"B")': None,
        },
        "variant": {
            'contains(sku,"B")': "'contains' is not an allowed filter operator for sku."
            "  Allowed operators are equals",
        },
        "category": {
            'equals(name,"Shoes")': "'equals' is not an allowed filter operator for name."
            "  Allowed operators are contains",
            "equals(published,true)": None,
        },
    }
    dotted = shop.revision < VARIANT_HAS_ONE_ITEM_SINCE
    for kind, other in (("item", "category"), ("variant", "item"), ("category", "item")):
        field = other + ".id" if dotted else other
        wrong[kind][f'equals({field},"{full_id("boot")}")'] = None
    for kind, filters in wrong.items():
        for text, detail in filters.items():
            refusal = Refusal.of(400, shop.get_many, kind, filter=text)
            expect(refusal.source, {"parameter": "filter"}, f"source of the filter {text}")
            expect(refusal.detail, detail or refusal.detail, f"detail of the filter {text}")
        for cursor in ("bm90IGEgY3Vyc29y", "\u00e9", "x" * 300):
            refusal = Refusal.of(400, shop.get_many, kind, page_cursor=cursor)
            expect_words(refusal, "Invalid cursor provided.", pointer="/data/")
