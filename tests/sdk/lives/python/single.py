"""Create, change, link, read and delete resources one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from errors import Refusal
from shop import LATE_VALUES_SINCE, changed, expect, full_id, ids, reference, say, some

if TYPE_CHECKING:
    from shop import Shop

SKU_CAN_CHANGE_SINCE = "2023-02-22"
ODD = "odd/one + 100% \u00e9?&#\u4e16"


def single(shop: Shop) -> None:
    creates(shop)
    reads(shop)
    updates(shop)
    links(shop)
    odd_ids(shop)
    deletes(shop)


def creates(shop: Shop) -> None:
    for external_id, name in (("shoes", "Shoes"), ("sale", "Sale")):
        made = shop.create("category", shop.category(external_id, name))
        expect((made["type"], made["id"]), ("catalog-category", full_id(external_id)), "category")
        expect(some(made["attributes"], "name"), {"name": name}, "name of a created category")

    boot = shop.item(
        "boot",
        "shoes",
        images=["https://shop.example/boot.png"],
        image_full_url="https://shop.example/boot.png",
        custom_metadata={"season": "winter", "lining": True, "weight": 1.5},
        published=False,
    )
    made = shop.create("item", boot)
    expect((made["type"], made["id"]), ("catalog-item", full_id("boot")), "created item")
    sent = boot["attributes"]
    expect(some(made["attributes"], *sent), sent, "attributes of a created item")
    assert made["links"]["self"].startswith(shop.url), made["links"]

    shop.create("item", shop.item("clog"))
    seen = shop.attributes("item", "clog")
    defaults = {
        "image_full_url": "",
        "image_thumbnail_url": "",
        "images": [],
        "custom_metadata": {},
        "published": True,
    }
    expect(some(seen, *defaults), defaults, "attributes an item was created without")
    if shop.revision >= LATE_VALUES_SINCE:
        expect(seen["price"], None, "price an item was created without")
    else:
        assert "price" not in seen, f"a price from before there were nulls: {seen}"

    for name in ("boot-41", "boot-42"):
        variant = shop.variant(name, "boot")
        made = shop.create("variant", variant)
        expect((made["type"], made["id"]), ("catalog-variant", full_id(name)), "created variant")
        sent = variant["attributes"]
        expect(some(made["attributes"], *sent), sent, "attributes of a created variant")

    winter = shop.category("winter", "Winter")
    winter["relationships"] = {"items": reference("item", "boot", "clog")}
    shop.create("category", winter)
    seen = shop.related("category", "winter", "items")
    expect(set(ids(seen)), {"boot", "clog"}, "items a category was created with")
    say("create: three kinds, with relationships")


def reads(shop: Shop) -> None:
    for kind, names in (
        ("item", ["boot", "clog"]),
        ("variant", ["boot-41", "boot-42"]),
        ("category", ["shoes", "sale", "winter"]),
    ):
        listed = shop.get_many(kind)
        expect(ids(listed), names, f"every {kind}, oldest first")
        for one in listed["data"]:
            external_id = one["attributes"]["external_id"]
            expect(one["type"], f"catalog-{kind}", f"type of a listed {kind}")
            alone = shop.get_one(kind, external_id)["data"]
            expect(alone["attributes"], one["attributes"], f"{kind} alone and in the list")
    say("read: one by one, and listed")


def updates(shop: Shop) -> None:
    before = shop.attributes("item", "boot")
    boot = changed("item", "boot", title="Winter boot", published=True, price=129.5)
    boot["relationships"] = {"categories": reference("category", "sale")}
    after = shop.update("item", "boot", boot)
    expect(after["id"], full_id("boot"), "id of an updated item")
    seen = shop.attributes("item", "boot")
    wanted = {**before, "title": "Winter boot", "published": True, "price": 129.5}
    wanted["updated"] = seen["updated"]
    expect(seen, wanted, "attributes of an updated item")
    assert seen["updated"] > before["updated"], f"an update left {seen}"
    expect(ids(shop.related("item", "boot", "categories")), ["sale"], "categories put in place")

    before = shop.attributes("variant", "boot-41")
    change = {"title": "Size 41", "price": 99.0, "inventory_policy": 2, "inventory_quantity": 3.0}
    if shop.revision >= SKU_CAN_CHANGE_SINCE:
        change["sku"] = "B-41"
    shop.update("variant", "boot-41", changed("variant", "boot-41", **change))
    seen = shop.attributes("variant", "boot-41")
    wanted = {**before, **change, "updated": seen["updated"]}
    expect(seen, wanted, "attributes of an updated variant")

    sale = changed("category", "sale", name="Summer sale")
    sale["relationships"] = {"items": reference("item", "boot", "clog")}
    shop.update("category", "sale", sale)
    expect(shop.attributes("category", "sale")["name"], "Summer sale", "name of a category")
    expect(set(ids(shop.related("category", "sale", "items"))), {"boot", "clog"}, "its items")
    empty(shop)
    say("update: three kinds, with relationships")


def empty(shop: Shop) -> None:
    """Give attributes back their defaults, where a null can be sent."""
    if shop.revision < LATE_VALUES_SINCE:
        return
    nothing = {"price": None, "images": None, "custom_metadata": None, "image_full_url": None}
    shop.update("item", "boot", changed("item", "boot", **nothing, title="Boot"))
    emptied = {"price": None, "images": [], "custom_metadata": {}, "image_full_url": ""}
    seen = shop.attributes("item", "boot")
    expect(some(seen, *emptied), emptied, "attributes that were set to null")


class Links(NamedTuple):
    """The relationship of one resource to others, seen from both sides."""

    shop: Shop
    kind: str
    name: str
    many: str
    others: tuple[str, ...]

    def write(self, verb: str, *others: str) -> None:
        self.shop.link(verb, self.kind, self.name, self.many, *others)

    def are(self, *wanted: str) -> None:
        what = f"{self.many} of the {self.kind} {self.name}"
        where = (self.kind, self.name, self.many)
        expect(set(ids(self.shop.related(*where))), set(wanted), what)
        expect(set(ids(self.shop.related_ids(*where))), set(wanted), f"ids of the {what}")
        other, back = ("category", "items") if self.kind == "item" else ("item", "categories")
        for one in self.others:
            there = self.name in ids(self.shop.related_ids(other, one, back))
            expect(there, one in wanted, f"{self.name} among the {back} of {one}")


def links(shop: Shop) -> None:
    """Relationships of items and categories, written and read from both sides."""
    for one in (
        Links(shop, "item", "clog", "categories", ("shoes", "sale", "winter")),
        Links(shop, "category", "shoes", "items", ("boot", "clog")),
    ):
        first, *rest = one.others
        one.write("update")
        one.are()
        # As many times as the method has names, so that each name is used.
        for _ in range(shop.count("create", one.kind, one.many)):
            one.write("create", *one.others)
            one.are(*one.others)
            one.write("delete", first)
            one.are(*rest)
            one.write("update", first)
            one.are(first)
            one.write("delete", first)
            one.are()
    for _ in range(2):
        variants = shop.related("item", "boot", "variants")
        expect(ids(variants), ["boot-41", "boot-42"], "variants of an item")
        expect(ids(shop.related("item", "clog", "variants")), [], "variants of an item without")
        if shop.lists_variant_ids:
            seen = shop.related_ids("item", "boot", "variants")
            expect(ids(seen), ["boot-41", "boot-42"], "ids of variants")
    say("link: added, replaced and removed from both sides")


def odd_ids(shop: Shop) -> None:
    """What an external id may hold comes whole through the path."""
    shop.create("item", shop.item(ODD, title=ODD))
    shop.create("variant", shop.variant(ODD, ODD))
    shop.create("category", shop.category(ODD, ODD))
    shop.link("create", "item", ODD, "categories", ODD)
    expect(ids(shop.related("item", ODD, "variants")), [ODD], "variant of an odd id")
    expect(ids(shop.related("category", ODD, "items")), [ODD], "item of an odd id")
    for kind in ("category", "variant", "item"):
        name = "name" if kind == "category" else "title"
        shop.update(kind, ODD, changed(kind, ODD, **{name: "Odd " + ODD}))
        expect(shop.attributes(kind, ODD)[name], "Odd " + ODD, f"{name} of an odd {kind}")
        shop.delete(kind, ODD)
    say(f"odd ids: {ODD}")


def deletes(shop: Shop) -> None:
    shop.link("update", "item", "boot", "categories", "sale", "winter")
    shop.delete("variant", "boot-42")
    expect(ids(shop.get_many("variant")), ["boot-41"], "variants that are left")
    shop.delete("category", "sale")
    expect(ids(shop.related("item", "boot", "categories")), ["winter"], "categories left")
    shop.delete("item", "boot")
    expect(ids(shop.get_many("item")), ["clog"], "items that are left")
    expect(ids(shop.get_many("variant")), [], "variants of a deleted item")
    expect(ids(shop.related("category", "winter", "items")), [], "items of a category")
    for kind, name in (("item", "boot"), ("variant", "boot-41"), ("category", "sale")):
        Refusal.of(404, shop.get_one, kind, name)
    shop.create("item", shop.item("boot"))
    expect(ids(shop.related("item", "boot", "categories")), [], "categories of an item made anew")
    expect(ids(shop.related("item", "boot", "variants")), [], "variants of an item made anew")
    for kind in ("item", "category"):
        for name in ids(shop.get_many(kind)):
            shop.delete(kind, name)
        expect(ids(shop.get_many(kind)), [], f"every {kind} deleted")
    say("delete: three kinds, and what went with them")
