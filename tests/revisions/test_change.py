from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backroom.catalog.operations import OPERATIONS, Shape
from backroom.revisions import LADDER
from backroom.revisions.change import Change, move_pointers, resources
from support.factories import an_operation

CHANGES = [change for changes in LADDER.values() for change in changes]
every_change = pytest.mark.parametrize("change", CHANGES, ids=lambda each: type(each).__name__)


def test_change_without_words_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a docstring: it is the changelog"):
        type("MoveThings", (Change,), {"shapes": frozenset()})


def test_change_without_reach_is_refused() -> None:
    with pytest.raises(TypeError, match="must say which shapes it touches"):
        type("MoveThings", (Change,), {"__doc__": "Things move."})


def test_change_moves_nothing_by_default() -> None:
    words = {"__doc__": "Things stay.", "shapes": frozenset({Shape.JOB_POST})}
    change = type("KeepThings", (Change,), words)()
    operation, body = an_operation(), {"a": 1}
    document: dict[str, Any] = {"data": {}}
    change.down(operation, document)
    assert (change.up(operation, body), document) == ({"a": 1}, {"data": {}})
    assert change.pointer(operation, "/data/x") == "/data/x"
    assert change.touches(operation)
    assert not change.touches(an_operation(shape=Shape.JOB_GET))


@every_change
def test_changes_touch_some_operations(change: Change) -> None:
    touched = [each for each in OPERATIONS if change.touches(each)]
    assert touched
    assert all(each.shape in change.shapes for each in touched)


@every_change
def test_changes_say_what_they_rest_on(change: Change) -> None:
    assert change.basis in {"specification", "observed"}


@every_change
def test_docstrings_are_changelog_entries(change: Change) -> None:
    words = change.description
    assert words.endswith(".")
    assert len(words.splitlines()[0]) <= 100


def test_resources_are_one_or_many() -> None:
    assert resources({"data": {"id": 1}}) == [{"id": 1}]
    assert resources({"data": [{"id": 1}, {"id": 2}]}) == [{"id": 1}, {"id": 2}]


def a_document(*pointers: str) -> dict[str, Any]:
    others: dict[str, Any] = dict.fromkeys(("id", "code", "meta", "title", "detail"), "x")
    entries = [others | {"source": {"pointer": each}} for each in pointers]
    return {"data": {"attributes": {"errors": msgspec.Raw(msgspec.json.encode(entries))}}}


def test_pointers_of_jobs_are_moved() -> None:
    document = a_document("/a", "/b")
    move_pointers(document, lambda pointer: pointer + "/x")
    shown = msgspec.json.decode(msgspec.json.encode(document))
    pointers = [each["source"]["pointer"] for each in shown["data"]["attributes"]["errors"]]
    assert pointers == ["/a/x", "/b/x"]


@pytest.mark.parametrize("attributes", [{}, {"errors": msgspec.Raw(b"[]")}])
def test_jobs_without_errors_stay(attributes: dict[str, Any]) -> None:
    document = {"data": {"attributes": dict(attributes)}}
    move_pointers(document, lambda _: "moved")
    assert document == {"data": {"attributes": attributes}}
