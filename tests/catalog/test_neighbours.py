"""The table of neighbours against the published facts."""

from __future__ import annotations

import pytest

from backroom.catalog.neighbours import NEIGHBOURS, Neighbour
from backroom.catalog.operations import OPERATIONS
from backroom.revisions import NEWEST
from support.neighbours import PUBLISHED
from support.wire_contract import every_revision

every_neighbour = pytest.mark.parametrize("row", NEIGHBOURS, ids=lambda each: each.name)


def served(revision: str) -> list[Neighbour]:
    return [each for each in NEIGHBOURS if revision >= each.since]


def test_names_are_the_newest_ids() -> None:
    assert {(each.method, each.path): each.name for each in NEIGHBOURS} == {
        place: row.operation_id for place, row in PUBLISHED[NEWEST].items()
    }


@every_revision
def test_rows_exist_when_published(revision: str) -> None:
    assert {(each.method, each.path) for each in served(revision)} == set(PUBLISHED[revision])


@every_revision
def test_facts_are_the_published_ones(revision: str) -> None:
    for each in served(revision):
        row, rate = PUBLISHED[revision][each.method, each.path], each.rates.at(revision)
        assert (f"{rate.burst}/s", f"{rate.steady}/m") == (row.burst, row.steady), each.name
        assert list(each.scopes_at(revision)) == row.scopes, each.name
        assert each.status == row.status, each.name
        assert each.has_body == (row.request_schema is not None), each.name
        assert each.public == ("company_id" in row.query), each.name


@every_neighbour
def test_lacking_scopes_are_named(row: Neighbour) -> None:
    needed = row.scopes_at(NEWEST)
    assert row.lacking(frozenset(), NEWEST) == ", ".join(needed)
    assert row.lacking(frozenset(needed[1:]), NEWEST) == needed[0]
    assert row.lacking(frozenset(needed), NEWEST) == ""


def test_names_are_not_the_catalogs() -> None:
    assert not {each.name for each in OPERATIONS} & {each.name for each in NEIGHBOURS}
