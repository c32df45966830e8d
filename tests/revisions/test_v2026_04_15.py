from __future__ import annotations

from typing import Any

import pytest

from backroom.catalog.kinds import Verb
from backroom.catalog.operations import JOB_SHAPES, Shape
from backroom.revisions import REVISIONS
from backroom.revisions.v2026_04_15 import NameDeletedResources, RelateIncludedResources
from support.factories import an_operation
from support.wire_contract import KIND, shows_linkage
from support.wire_contract import REVISIONS as PUBLISHED


def test_included_lose_their_relationships() -> None:
    document: dict[str, Any] = {
        "data": {"relationships": {}},
        "included": [{"id": 1, "relationships": {}}, {"id": 2}],
    }
    RelateIncludedResources().down(an_operation(shape=Shape.JOB_GET), document)
    assert document == {"data": {"relationships": {}}, "included": [{"id": 1}, {"id": 2}]}


def test_documents_without_included_pass() -> None:
    document: dict[str, Any] = {"data": {}}
    RelateIncludedResources().down(an_operation(shape=Shape.JOB_GET), document)
    assert document == {"data": {}}


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("shape", sorted(JOB_SHAPES))
def test_reads_of_deletes_are_touched(verb: Verb, shape: Shape) -> None:
    touched = NameDeletedResources().touches(an_operation("item", verb, shape))
    assert touched == (verb is Verb.DELETE and shape is not Shape.JOB_POST)


@pytest.mark.parametrize("date", PUBLISHED)
@pytest.mark.parametrize("shape", [Shape.JOB_GET, Shape.JOB_LIST])
def test_deletes_name_theirs_at_times(date: str, shape: Shape) -> None:
    job = {"id": "J", "attributes": {}, "relationships": {"items": {"data": []}}}
    document: dict[str, Any] = {"data": [job] if shape is Shape.JOB_LIST else job}
    REVISIONS[date].down(an_operation("item", "delete", shape), document)
    shown = shows_linkage(date, KIND["item-delete"])
    held = document["data"][0] if shape is Shape.JOB_LIST else document["data"]
    assert ("relationships" in held) == shown
