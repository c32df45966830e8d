from __future__ import annotations

from typing import Any

import pytest

from backroom.control.revisions import difference, every_revision
from backroom.control.route import ControlError
from backroom.revisions import LADDER, NEWEST, OLDEST


def compared(before: str, after: str, operation: str) -> Any:
    (found,) = difference(before, after, operation)["operations"]
    return found


def test_every_revision_is_listed() -> None:
    assert [each["revision"] for each in every_revision()] == list(reversed(LADDER))


def test_bodies_of_both_revisions_are_shown() -> None:
    found = compared("2023-02-22", "2023-07-15", "bulk_create_catalog_items")
    before, after = (found[each]["body"]["data"]["attributes"] for each in ("before", "after"))
    assert isinstance(before["items"], list)
    assert isinstance(after["items"]["data"], list)


def test_member_that_became_needed_is_shown() -> None:
    found = compared("2024-10-15", "2025-01-15", "create_catalog_variant")
    added = set(found["after"]["needed"]) - set(found["before"]["needed"])
    assert "/data/relationships" in added


def test_new_operation_has_nothing_before() -> None:
    found = compared("2024-07-15", "2024-10-15", "get_variant_ids_for_catalog_item")
    assert (found["change"], found["before"]) == ("new", None)
    assert found["after"]["answer"]["data"]


def test_order_of_dates_does_not_matter() -> None:
    assert difference(NEWEST, OLDEST) == difference(OLDEST, NEWEST)


def test_revision_does_not_differ_from_itself() -> None:
    found = difference(NEWEST, NEWEST)
    assert (found["changes"], found["operations"]) == ([], [])


@pytest.mark.parametrize("date", ["yesterday", "2021-01-01", "2999-01-01"])
def test_unknown_revision_is_refused(date: str) -> None:
    with pytest.raises(ControlError, match="is not a revision"):
        difference(date, NEWEST)


def test_unknown_operation_names_the_nearest() -> None:
    with pytest.raises(ControlError, match="mean 'get_catalog_items'"):
        difference(OLDEST, NEWEST, "get_catalog_itms")
