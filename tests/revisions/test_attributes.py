"""Attributes that came or went with a revision: changes made from the table of kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.api import documents
from backroom.catalog.kinds import CATEGORY, ITEM, Attribute, JobKind, Verb
from backroom.catalog.operations import OPERATIONS, Shape
from backroom.revisions import LADDER, rungs
from backroom.revisions.attributes import AddAttribute, DropAttribute, with_attributes
from backroom.store.records import Record
from factories import NEWEST, OLDEST, a_row
from wire_contract import REVISIONS as PUBLISHED

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

MOVED = "2025-01-15"
EARLY = "2023-06-15"
BRAND = Attribute("brand", "text", default="", since=MOVED)
COLOUR = Attribute("colour", "number", until=MOVED)
SEASON = Attribute("season", "text", default="", since=EARLY, until=NEWEST)
CHANGED = replace(ITEM, attributes=(*ITEM.attributes, BRAND, COLOUR, SEASON))
LONGER = with_attributes(LADDER, [CHANGED])
REVISIONS = rungs(LONGER)
every_revision = pytest.mark.parametrize("revision", PUBLISHED)


def an_operation(name: str) -> Operation:
    """The operation of a name, on items with the attributes of this module."""
    operation = a_row(name)
    bulk = JobKind(CHANGED, operation.bulk.verb) if operation.bulk else None
    return replace(operation, kind=CHANGED, bulk=bulk)


def a_resource() -> dict[str, Any]:
    stored = {name: None if name == "colour" else name for name in CHANGED.stored_attributes}
    record = Record(1, "a", msgspec.json.encode(stored).decode())
    return documents.resource("", CHANGED, record)


def shown(document: Any, operation: Operation, revision: str) -> Any:
    REVISIONS[revision].down(operation, document)
    return msgspec.json.decode(msgspec.json.encode(document))


@every_revision
@pytest.mark.parametrize(
    "name", ["get_catalog_items", "create_catalog_item", "update_catalog_item", "get_catalog_item"]
)
def test_answers_show_what_exists(name: str, revision: str) -> None:
    operation = an_operation(name)
    data = [a_resource()] if operation.paged else a_resource()
    document = shown({"data": data, "links": {}}, operation, revision)
    (resource,) = document["data"] if operation.paged else [document["data"]]
    # Before nulls were allowed, an attribute without a value is left out.
    nulls = set() if revision >= "2024-02-15" else {"colour"}
    names = CHANGED.shown_at(revision)
    assert tuple(resource["attributes"]) == tuple(each for each in names if each not in nulls)


@every_revision
def test_included_resources_show_as_much(revision: str) -> None:
    operation = an_operation("get_bulk_create_catalog_items_job")
    job = {"type": operation.job_kind.type, "id": "x", "attributes": {"brand": 1, "errors": None}}
    document = shown({"data": job, "included": [a_resource()]}, operation, revision)
    assert document["data"]["attributes"]["brand"] == 1
    attributes = document["included"][0]["attributes"]
    assert ("brand" in attributes, "season" in attributes) == (
        revision >= MOVED,
        EARLY <= revision < NEWEST,
    )


def test_newest_shape_has_all() -> None:
    assert CHANGED.stored_attributes[-5:] == ("brand", "colour", "season", "created", "updated")
    assert CHANGED.shown_at(NEWEST)[-4:] == ("published", "brand", "created", "updated")
    assert CHANGED.shown_at(OLDEST)[-4:] == ("published", "colour", "created", "updated")
    assert not CHANGED.shows_all_at(NEWEST)


def test_changes_stand_at_their_dates() -> None:
    added = {date: [*changes[len(LADDER[date]) :]] for date, changes in LONGER.items()}
    words = {date: [each.description for each in some] for date, some in added.items() if some}
    assert words == {
        EARLY: ["An item has `season`."],
        MOVED: ["An item has `brand`.", "An item no longer has `colour`."],
        NEWEST: ["An item no longer has `season`."],
    }


@pytest.mark.parametrize("change", [AddAttribute(CHANGED, BRAND), DropAttribute(CHANGED, COLOUR)])
def test_changes_touch_what_shows_items(change: AddAttribute) -> None:
    touched = {each.name for each in map(on_changed, OPERATIONS) if change.touches(each)}
    assert touched == {
        "get_catalog_items",
        "create_catalog_item",
        "get_catalog_item",
        "update_catalog_item",
        "get_items_for_catalog_category",
        "get_bulk_create_catalog_items_job",
        "get_bulk_update_catalog_items_job",
    }


def on_changed(operation: Operation) -> Operation:
    return an_operation(operation.name) if operation.kind is ITEM else operation


def test_other_resources_are_kept() -> None:
    category = {"type": CATEGORY.type, "attributes": {"brand": 1}}
    document = shown({"data": category}, an_operation("get_catalog_item"), OLDEST)
    assert document == {"data": category}


def test_unknown_dates_are_refused() -> None:
    kind = replace(ITEM, attributes=(replace(BRAND, since="2025-01-16"),))
    with pytest.raises(ValueError, match=r"An item has `brand`\. But 2025-01-16 is not"):
        with_attributes(LADDER, [kind])


def test_deleting_jobs_show_no_item() -> None:
    operation = a_row("get_bulk_delete_catalog_items_job")
    assert (operation.job_kind.verb, operation.shape) == (Verb.DELETE, Shape.JOB_GET)
    assert not AddAttribute(ITEM, BRAND).touches(operation)
