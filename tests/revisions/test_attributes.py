"""Attributes that came or went with a revision: changes made from the table of kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, Attribute, JobKind, Verb
from backroom.catalog.operations import OPERATIONS, Shape
from backroom.revisions import LADDER, rungs
from backroom.revisions.attributes import AddAttribute, DropAttribute, with_attributes
from backroom.store.records import Record
from support.factories import NEWEST, OLDEST, a_row
from support.factories import shown as resource_of
from support.wire_contract import REVISIONS as PUBLISHED

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

MOVED = "2025-01-15"
EARLY = "2023-06-15"
TEXT = Attribute("made_up_text", "text", default="", since=MOVED)
NUMBER = Attribute("made_up_number", "number", until=MOVED)
WORD = Attribute("made_up_word", "text", default="", since=EARLY, until=NEWEST)
CHANGED = replace(ITEM, attributes=(*ITEM.attributes, TEXT, NUMBER, WORD))
BARE = {
    date: tuple(each for each in changes if not isinstance(each, AddAttribute))
    for date, changes in LADDER.items()
}
LONGER = with_attributes(BARE, [CHANGED])
REVISIONS = rungs(LONGER)
every_revision = pytest.mark.parametrize("revision", PUBLISHED)


def an_operation(name: str) -> Operation:
    """The operation of a name, on items with the attributes of this module."""
    operation = a_row(name)
    bulk = JobKind(CHANGED, operation.bulk.verb) if operation.bulk else None
    return replace(operation, kind=CHANGED, bulk=bulk)


def a_resource() -> dict[str, Any]:
    stored = {
        name: None if name == "made_up_number" else name for name in CHANGED.stored_attributes
    }
    record = Record(1, "a", msgspec.json.encode(stored).decode())
    made: dict[str, Any] = resource_of("", CHANGED, record)
    return made


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
    nulls = set() if revision >= "2024-02-15" else {"made_up_number"}
    names = CHANGED.shown_at(revision)
    assert tuple(resource["attributes"]) == tuple(each for each in names if each not in nulls)


@every_revision
def test_included_resources_show_as_much(revision: str) -> None:
    operation = an_operation("get_bulk_create_catalog_items_job")
    job = {
        "type": operation.job_kind.type,
        "id": "x",
        "attributes": {"made_up_text": 1, "errors": None},
    }
    document = shown({"data": job, "included": [a_resource()]}, operation, revision)
    assert document["data"]["attributes"]["made_up_text"] == 1
    attributes = document["included"][0]["attributes"]
    assert ("made_up_text" in attributes, "made_up_word" in attributes) == (
        revision >= MOVED,
        EARLY <= revision < NEWEST,
    )


def test_newest_shape_has_all() -> None:
    assert CHANGED.stored_attributes[-5:] == (
        "made_up_text",
        "made_up_number",
        "made_up_word",
        "created",
        "updated",
    )
    assert CHANGED.shown_at(NEWEST)[-4:] == ("published", "made_up_text", "created", "updated")
    assert CHANGED.shown_at(OLDEST)[-4:] == ("published", "made_up_number", "created", "updated")


def test_changes_stand_at_their_dates() -> None:
    made_up = {TEXT, NUMBER, WORD}
    words: dict[str, list[str]] = {}
    for date, changes in LONGER.items():
        for each in changes:
            if isinstance(each, AddAttribute) and each.attribute in made_up:
                words.setdefault(date, []).append(each.description)
    assert words == {
        EARLY: ["An item has `made_up_word`."],
        MOVED: ["An item has `made_up_text`.", "An item no longer has `made_up_number`."],
        NEWEST: ["An item no longer has `made_up_word`."],
    }


@pytest.mark.parametrize("change", [AddAttribute(CHANGED, TEXT), DropAttribute(CHANGED, NUMBER)])
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
    category = {"type": CATEGORY.type, "attributes": {"made_up_text": 1}}
    document = shown({"data": category}, an_operation("get_catalog_item"), OLDEST)
    assert document == {"data": category}


def test_unknown_dates_are_refused() -> None:
    kind = replace(ITEM, attributes=(replace(TEXT, since="2025-01-16"),))
    with pytest.raises(ValueError, match=r"An item has `made_up_text`\. But 2025-01-16 is not"):
        with_attributes(BARE, [kind])


def test_deleting_jobs_show_no_item() -> None:
    operation = a_row("get_bulk_delete_catalog_items_job")
    assert (operation.job_kind.verb, operation.shape) == (Verb.DELETE, Shape.JOB_GET)
    assert not AddAttribute(ITEM, TEXT).touches(operation)
