from __future__ import annotations

import pytest

from backroom.catalog.operations import OPERATIONS
from backroom.revisions import LADDER, REVISIONS, history

ITEM_READ = next(each for each in OPERATIONS if each.name == "get_catalog_item")


@pytest.mark.parametrize("date", LADDER)
def test_descriptions_come_first(date: str) -> None:
    described = [change.description for change in LADDER[date]]
    assert history.changes(date)[: len(described)] == described


@pytest.mark.parametrize("date", LADDER)
def test_no_sentence_comes_twice(date: str) -> None:
    listed = history.changes(date)
    assert len(listed) == len(set(listed))
    assert all(each.endswith(".") for each in listed)


def test_linkage_is_told_where_it_ends() -> None:
    ended = "The relationships of an item that is read no longer have `data`"
    dates = [date for date in LADDER if ended in " ".join(history.changes(date))]
    assert dates == ["2024-05-15"]
    assert not REVISIONS[dates[0]].shows_linkage(ITEM_READ)


def test_links_are_told_where_they_end() -> None:
    words = "A page no longer links the first and the last page."
    assert [date for date in LADDER if words in history.changes(date)] == ["2025-04-15"]
