"""Create, update and delete categories, items and variants; see each through a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shop import changed, expect, full_id, identifier, plain, say, some

if TYPE_CHECKING:
    from shop import Shop


def life(shop: Shop) -> None:
    creates(shop)
    updates(shop)
    sparse_fields(shop)
    deletes(shop)


def creates(shop: Shop) -> None:
    categories = [shop.category("shoes", "Shoes"), shop.category("sale", "Sale")]
    seen, _ = shop.run("create", "category", categories)
    expect(set(seen), {full_id("shoes"), full_id("sale")}, "ids of the created categories")
    expect(seen[full_id("sale")]["name"], "Sale", "name of a created category")

    boot = shop.item(
        "boot",
        "shoes",
        images=["https://shop.example/boot.png"],
        custom_metadata={"season": "winter"},
        published=False,
    )
    seen, _ = shop.run("create", "item", [boot, shop.item("clog")])
    expect(set(seen), {full_id("boot"), full_id("clog")}, "ids of the created items")
    sent = boot["attributes"]
    expect(some(seen[full_id("boot")], *sent), sent, "attributes of a created item")
    left_out = some(seen[full_id("clog")], "images", "custom_metadata", "published")
    defaults = {"images": [], "custom_metadata": {}, "published": True}
    expect(left_out, defaults, "attributes an item was created without")

    again = [shop.item("boot"), shop.item("sandal")]
    seen, metas = shop.run("create", "item", again, existing("item", "boot"))
    expect(set(seen), {full_id("sandal")}, "items of a job that failed in part")
    expect(metas, [{"external_id": "boot"}], "meta of a refused create")
    stray = shop.item("stray", "nowhere")
    shop.run("create", "item", [stray], "Invalid category information.")

    variants = [
        shop.variant("boot-41", "boot"),
        shop.variant("boot-42", "boot"),
        shop.variant("stray-1", "stray"),
    ]
    seen, _ = shop.run("create", "variant", variants, missing("item", "stray"))
    expect(set(seen), {full_id("boot-41"), full_id("boot-42")}, "ids of the created variants")
    sent = variants[0]["attributes"]
    expect(some(seen[full_id("boot-41")], *sent), sent, "attributes of a created variant")


def updates(shop: Shop) -> None:
    seen, _ = shop.run("update", "category", [changed("category", "sale", name="Summer sale")])
    expect(seen[full_id("sale")]["name"], "Summer sale", "name of an updated category")

    boot = changed("item", "boot", title="Winter boot", published=True)
    boot["relationships"] = {"categories": {"data": [identifier("category", "sale")]}}
    lost = changed("item", "lost", title="Lost")
    detail = missing("item", "lost")
    seen, metas = shop.run("update", "item", [boot, lost], detail)
    expect(set(seen), {full_id("boot")}, "items of an update that failed in part")
    expect(metas, [{"id": full_id("lost")}], "meta of a refused update")
    kept = some(seen[full_id("boot")], "title", "published", "description", "custom_metadata")
    wanted = {
        "title": "Winter boot",
        "published": True,
        "description": "The boot",
        "custom_metadata": {"season": "winter"},
    }
    expect(kept, wanted, "attributes of an updated item")

    variants = [
        changed("variant", "boot-41", price=99.0, inventory_quantity=3.0),
        changed("variant", "boot-42", title="Size 42"),
        changed("variant", "boot-43", title="Size 43"),
    ]
    detail = missing("variant", "boot-43")
    seen, _ = shop.run("update", "variant", variants, detail)
    cheaper = some(seen[full_id("boot-41")], "price", "inventory_quantity", "sku")
    wanted = {"price": 99.0, "inventory_quantity": 3.0, "sku": "SKU-boot-41"}
    expect(cheaper, wanted, "attributes of an updated variant")
    expect(seen[full_id("boot-42")]["title"], "Size 42", "title of an updated variant")


def sparse_fields(shop: Shop) -> None:
    job_id = shop.job_id(shop.post("update", "item", [changed("item", "clog", title="A clog")]))
    shop.await_end("update", "item", job_id)
    answer = plain(
        shop.get(
            "update",
            "item",
            job_id,
            include=["items"],
            fields_catalog_item=["title"],
            fields_catalog_item_bulk_update_job=["status", "completed_count"],
        ),
    )
    seen = [one["attributes"] for one in answer["included"]]
    expect(seen, [{"title": "A clog"}], "included item with sparse fields")
    attributes = answer["data"]["attributes"]
    shown = {name: value for name, value in attributes.items() if name != "job_id"}
    expect(shown, {"status": "complete", "completed_count": 1}, "job with sparse fields")
    listed = shop.list("update", "item", fields_catalog_item_bulk_update_job=["status"])
    for job in listed["data"]:
        expect(set(job["attributes"]) - {"job_id"}, {"status"}, "listed job with sparse fields")
    say("sparse fields: only what was asked for")


def deletes(shop: Shop) -> None:
    gone = [identifier("variant", "boot-42"), identifier("variant", "boot-43")]
    shop.run("delete", "variant", gone, missing("variant", "boot-43"))
    again = [changed("variant", "boot-42", title="Back")]
    shop.run("update", "variant", again, missing("variant", "boot-42"))

    shop.run("delete", "category", [identifier("category", "sale")])
    again = [changed("category", "sale", name="Back")]
    shop.run("update", "category", again, missing("category", "sale"))
    seen, _ = shop.run("update", "item", [changed("item", "boot", title="Still here")])
    expect(seen[full_id("boot")]["title"], "Still here", "an item whose category was deleted")

    gone = [identifier("item", name) for name in ("boot", "clog", "sandal")]
    shop.run("delete", "item", gone)
    shop.run("delete", "item", [gone[0]], missing("item", "boot"))
    orphan = [changed("variant", "boot-41", title="Orphan")]
    shop.run("update", "variant", orphan, missing("variant", "boot-41"))
    shop.run("delete", "category", [identifier("category", "shoes")])
    seen, _ = shop.run("create", "item", [shop.item("boot", title="New boot")])
    expect(seen[full_id("boot")]["title"], "New boot", "an item created anew")


def missing(kind: str, external_id: str) -> str:
    article = "An" if kind == "item" else "A"
    return f"{article} {kind} with the id `{full_id(external_id)}` does not exist."


def existing(kind: str, external_id: str) -> str:
    article = "An" if kind == "item" else "A"
    return f"{article} {kind} with the external id `{external_id}` already exists."
