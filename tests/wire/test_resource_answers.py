"""Items, variants and categories: each answer of each revision, held strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.revisions import NEWEST
from support.wire_catalog import (
    ID_LISTS,
    LISTS,
    OWNERS,
    RESOURCES,
    SHELF,
    Catalog,
    Listing,
    external_id,
    external_ids,
    listings,
    names_of,
    on_shelf,
    parent,
    related,
    type_of,
)
from support.wire_contract import (
    DATA_OPTIONAL,
    MORE_RELATIONSHIPS,
    NULLS,
    PLURALS,
    READS_WITHOUT_DATA,
    WRAPPED_BODIES,
    before,
    every_revision,
    needs_parent,
    since,
)
from support.wire_requests import Style, styles
from support.wire_shown import (
    RELATED,
    How,
    hold_created,
    hold_nothing,
    hold_one,
    hold_page,
    hold_updated,
    linkage,
    relationship_members,
)

if TYPE_CHECKING:
    from support.client import Client

every_resource = pytest.mark.parametrize("resource", RESOURCES)
INCLUDING = {"include": "variants"}
ITEM_LISTS = [each for each in LISTS if each.resource == "item"]
NOT_SHOWN = {"integration_type", "catalog_type"}


def owner_of(listing: Listing) -> str:
    return OWNERS.get(listing.owner, "")


def linked_names(data: Any) -> list[str]:
    return [external_id(each["id"]) for each in linkage(data)]


def shelf_names(resource: str, other: str, name: str) -> list[str]:
    """What hangs together with a thing on the shelf."""
    things = [each for each in SHELF if each.resource == other]
    return names_of(each for each in things if related(each, resource, name))


@every_revision
@every_resource
def test_every_resource_reads_whole(shelf: Catalog, resource: str) -> None:
    for thing in on_shelf(Listing(resource)):
        hold_one(shelf, resource, shelf.get(resource, thing.name))


@every_revision
def test_every_list_is_whole(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        owner = owner_of(listing)
        page = shelf.page(listing, owner)
        hold_page(shelf, listing, page, owner)
        assert external_ids(page) == names_of(on_shelf(listing, owner))


@every_revision
def test_short_lists_have_one_page(shelf: Catalog) -> None:
    for listing in LISTS:
        links = shelf.page(listing, owner_of(listing)).json["links"]
        assert links["next"] is links["prev"] is None


@every_revision
def test_empty_lists_are_whole(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    catalog.made("item", "bare").made("category", "bare")
    for listing in listings(revision):
        owner = "bare" if listing.owner else ""
        page = catalog.page(listing, owner)
        hold_page(catalog, listing, page, owner)
        assert external_ids(page) == (
            ["bare"] if not owner and listing.resource != "variant" else []
        )


@every_revision
def test_relationships_name_what_they_hold(shelf: Catalog, revision: str) -> None:
    for listing in LISTS[:3]:
        resource = listing.resource
        if "data" not in (relationship_members(revision, resource, How.READ) or []):
            continue
        for data in shelf.page(listing).json["data"]:
            name = external_id(data["id"])
            assert linked_names(data) == shelf_names(resource, RELATED[resource], name)


@every_revision
def test_included_variants_are_whole(shelf: Catalog) -> None:
    for listing in ITEM_LISTS:
        page = shelf.page(listing, owner_of(listing), INCLUDING)
        hold_page(shelf, listing, page, owner_of(listing), INCLUDING)
        named = [name for data in page.json["data"] for name in linked_names(data)]
        assert named == ["mug-s", "mug-l", "cup-s"]
        assert [external_id(each["id"]) for each in page.json["included"]] == named


@every_revision
def test_one_item_includes_its_variants(shelf: Catalog) -> None:
    answer = shelf.get("item", "mug", INCLUDING)
    hold_one(shelf, "item", answer, INCLUDING)
    assert linked_names(answer.json["data"]) == ["mug-s", "mug-l"]
    assert [external_id(each["id"]) for each in answer.json["included"]] == ["mug-s", "mug-l"]


@every_revision
def test_item_without_variants_includes_none(shelf: Catalog) -> None:
    answer = shelf.get("item", "plate", INCLUDING)
    hold_one(shelf, "item", answer, INCLUDING)
    assert linked_names(answer.json["data"]) == answer.json["included"] == []


@every_revision
@every_resource
def test_links_lead_where_they_say(shelf: Catalog, revision: str, resource: str) -> None:
    data = shelf.get(resource, OWNERS.get(resource, "mug-s")).json["data"]
    assert shelf.call("GET", data["links"]["self"]).json["data"] == data
    if resource != "variant" and "links" in (
        relationship_members(revision, resource, How.READ) or []
    ):
        (relationship,) = data["relationships"].values()
        hung = shelf_names(resource, RELATED[resource], external_id(data["id"]))
        assert external_ids(shelf.call("GET", relationship["links"]["related"])) == hung


@every_revision
@every_resource
def test_creations_answer_whole(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision)
    catalog.made("item", "parent").made("category", "shared")
    for style in styles(revision):
        hold_created(catalog, resource, catalog.create(resource, style.value, style))
        hold_one(catalog, resource, catalog.get(resource, style.value))


@every_revision
@every_resource
def test_updates_answer_whole(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision)
    catalog.made("item", "parent").made("category", "shared").made(resource, "old")
    for style in styles(revision):
        hold_updated(catalog, resource, catalog.update(resource, "old", style))
        hold_one(catalog, resource, catalog.get(resource, "old"))


@every_revision
@every_resource
def test_deletions_answer_with_nothing(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision)
    catalog.made("item", "parent").made(resource, "old")
    hold_nothing(catalog.delete(resource, "old"))
    assert catalog.get(resource, "old").status == 404


@every_revision
@every_resource
def test_given_attributes_come_back(shelf: Catalog, revision: str, resource: str) -> None:
    catalog = Catalog(shelf.client, revision)
    for thing in on_shelf(Listing(resource)):
        attributes = catalog.get(resource, thing.name).json["data"]["attributes"]
        assert {name: attributes[name] for name in thing.attributes} == thing.attributes
        assert attributes["external_id"] == thing.name


@every_revision
@every_resource
def test_creations_show_what_was_sent(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("category", "shared")
    created = catalog.create(resource, "a", Style.ALL, **_metadata(resource))
    attributes = created.json["data"]["attributes"]
    assert attributes == catalog.get(resource, "a").json["data"]["attributes"]
    assert attributes["external_id"] == "a"
    if resource != "category":
        assert (attributes["published"], attributes["price"]) == (False, 12.5)
        assert attributes["images"] == ["https://shop.example/images"]
        assert list(attributes["custom_metadata"]) == ["season", "b"]


@every_revision
@every_resource
def test_updates_show_what_was_sent(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("category", "shared")
    catalog.made(resource, "a")
    old = catalog.get(resource, "a").json["data"]["attributes"]
    title = "name" if resource == "category" else "title"
    members: dict[str, Any] = {title: "New"}
    new = catalog.update(resource, "a", **members).json["data"]["attributes"]
    assert new == old | members | {"updated": new["updated"]}
    assert new["updated"] >= old["updated"]
    assert new == catalog.get(resource, "a").json["data"]["attributes"]


@every_revision
@every_resource
def test_empty_updates_change_nothing(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made(resource, "a")
    old = catalog.get(resource, "a").json["data"]["attributes"]
    answer = catalog.update(resource, "a")
    hold_updated(catalog, resource, answer)
    assert answer.json["data"]["attributes"] | {"updated": ""} == old | {"updated": ""}


@every_revision
def test_later_reads_sort_metadata(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    catalog.create("item", "a", custom_metadata={"season": 1, "b": 2, "a": 3})
    shown = catalog.get("item", "a").json["data"]["attributes"]["custom_metadata"]
    assert list(shown) == ["a", "b", "season"]


@every_revision
@pytest.mark.parametrize("resource", ["item", "variant"])
def test_left_out_attributes_have_defaults(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made(resource, "a")
    hold_defaults(catalog, resource)


@since(NULLS)
@pytest.mark.parametrize("resource", ["item", "variant"])
def test_null_attributes_take_defaults(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("category", "shared")
    assert catalog.create(resource, "a", Style.NULL, **_parent(catalog, resource)).status == 201
    hold_defaults(catalog, resource)


@since(NULLS)
@every_resource
def test_null_updates_reset_attributes(client: Client, revision: str, resource: str) -> None:
    catalog = (
        Catalog(client, revision)
        .made("item", "parent")
        .made("category", "shared")
        .made(resource, "a")
    )
    shown = catalog.update(resource, "a", Style.NULL).json["data"]["attributes"]
    texts = ("title", "description", "url", "sku", "name")
    assert {shown[name] for name in texts if name in shown} == {""}
    if resource != "category":
        hold_defaults(catalog, resource)
    if resource == "variant":
        assert shown["price"] is shown["inventory_quantity"] is None


@before(NULLS)
@pytest.mark.parametrize("resource", ["item", "variant"])
def test_old_revisions_hide_nulls(client: Client, revision: str, resource: str) -> None:
    newest = Catalog(client).made("item", "parent").made("category", "shared").made(resource, "a")
    newest.update(resource, "a", Style.NULL)
    for answer in (
        newest.at(revision).get(resource, "a"),
        newest.at(revision).page(Listing(resource)),
        newest.at(revision).update(resource, "a"),
    ):
        data = answer.json["data"]
        attributes = (data[-1] if isinstance(data, list) else data)["attributes"]
        assert "price" not in attributes
        assert ("inventory_quantity" in attributes) is False


@every_revision
def test_whole_quantities_are_integers(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent")
    for sent, shown in ((10.0, b":10,"), (2.5, b":2.5,")):
        catalog.made("variant", f"v{sent}", inventory_quantity=sent)
        body = catalog.get("variant", f"v{sent}").body
        assert b'"inventory_quantity"' + shown in body


@every_revision
def test_variant_names_its_item(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent")
    members = {"relationships": parent(revision, "parent")}
    answer = catalog.create("variant", "a", **members)
    hold_created(catalog, "variant", answer)
    if MORE_RELATIONSHIPS <= revision < DATA_OPTIONAL:
        assert linked_names(answer.json["data"]) == ["parent"]
    assert catalog.names(Listing("variant", "item"), "parent") == ["a"]


@pytest.mark.parametrize("revision", ["2023-02-22", "2023-06-15"])
def test_parentless_variant_lists_no_items(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    for answer in (catalog.create("variant", "a"), catalog.get("variant", "a")):
        items = answer.json["data"]["relationships"]["items"]
        assert list(items) == ["data", "links"]
        assert items["data"] == []


@pytest.mark.parametrize("revision", ["2023-07-15", "2023-08-15", "2024-05-15", "2024-10-15"])
def test_parentless_variant_reads_whole(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    hold_created(catalog, "variant", catalog.create("variant", "a"))
    for later in (revision, "2023-10-15", "2023-12-15", NEWEST):
        hold_one(catalog.at(later), "variant", catalog.at(later).get("variant", "a"))


@every_revision
def test_other_revisions_read_alike(shelf: Catalog) -> None:
    for other in ("2022-10-17", "2023-02-22", "2023-07-15", "2023-12-15", NEWEST):
        catalog = shelf.at(other)
        for listing in LISTS[:3]:
            hold_page(catalog, listing, catalog.page(listing))


@every_revision
def test_write_answers_name_related(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("category", "shared")
    answers = {
        "item": catalog.create("item", "a", Style.ALL),
        "category": catalog.create("category", "a", Style.ALL),
    }
    named = {"item": [], "category": ["parent"]}
    for resource, answer in answers.items():
        if MORE_RELATIONSHIPS <= revision < DATA_OPTIONAL:
            assert linked_names(answer.json["data"]) == named[resource]
        else:
            assert "data" not in str(answer.json["data"].get("relationships"))


@every_revision
def test_reads_of_categories_name_items(shelf: Catalog, revision: str) -> None:
    data = shelf.get("category", "all").json["data"]
    if MORE_RELATIONSHIPS <= revision < READS_WITHOUT_DATA:
        assert linked_names(data) == ["mug", "cup 1/2"]
    else:
        assert "data" not in str(data.get("relationships"))


@every_revision
def test_items_never_show_categories(shelf: Catalog, revision: str) -> None:
    assert "catalog-category" not in shelf.get("item", "mug").body.decode()
    if revision >= WRAPPED_BODIES:
        assert "relationships/categories" not in shelf.get("item", "mug").body.decode()


def test_every_list_is_tried() -> None:
    assert len(LISTS) + len(ID_LISTS) == 9
    assert {type_of(each) for each in PLURALS} == {
        "catalog-item",
        "catalog-variant",
        "catalog-category",
    }


def hold_defaults(catalog: Catalog, resource: str) -> None:
    shown = catalog.get(resource, "a").json["data"]["attributes"]
    assert shown["image_full_url"] == shown["image_thumbnail_url"] == ""
    assert (shown["images"], shown["custom_metadata"]) == ([], {})
    assert shown["published"] is True
    if resource == "variant":
        assert shown["inventory_policy"] == 0
    elif catalog.revision >= NULLS:
        assert shown["price"] is None
    else:
        assert "price" not in shown


def _metadata(resource: str) -> dict[str, Any]:
    return {} if resource == "category" else {"custom_metadata": {"season": 4, "b": 1}}


def _parent(catalog: Catalog, resource: str) -> dict[str, Any]:
    if resource == "variant" and needs_parent(catalog.revision):
        return {"relationships": parent(catalog.revision, "parent")}
    return {}
