from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backroom.catalog.kinds import ITEM, VARIANT, Verb
from backroom.feeds.comparing import MODES, RowOperation, decide, is_as_given, joined
from backroom.feeds.rows import Row, RowFault

THERE = {"title": "Cap", "price": 5.0, "published": True, "images": [], "image_full_url": ""}


def found(
    attributes: dict[str, Any],
    mode: str = "upsert",
    existing: dict[str, Any] | None = THERE,
    related: tuple[str, ...] | None = None,
) -> RowOperation | RowFault | None:
    row = Row(1, ITEM, "C1", attributes, related, merges=True)
    return decide(MODES[mode], row, existing, lambda: {"hats"})


def sent(operation: RowOperation | RowFault | None) -> Any:
    assert isinstance(operation, RowOperation)
    return msgspec.json.decode(operation.encoded.encoded)


@pytest.mark.parametrize(
    "same",
    [
        {"price": 5},
        {"price": "5.00"},
        {"published": "true"},
        {"image_full_url": None},
        {"published": None, "images": None},
        {"custom_metadata": {"a": None}},
    ],
)
def test_what_is_stored_alike_is_unchanged(same: dict[str, Any]) -> None:
    assert found(same) is None


@pytest.mark.parametrize(
    "other", [{"price": 6}, {"price": None}, {"title": "cap"}, {"published": 1}, {"images": ["u"]}]
)
def test_only_what_differs_is_sent(other: dict[str, Any]) -> None:
    operation = found(THERE | other)
    assert sent(operation)["attributes"] == other
    assert isinstance(operation, RowOperation)
    assert operation.changed == tuple(other)
    assert operation.verb is Verb.UPDATE


@pytest.mark.parametrize(
    ("mode", "advice"),
    [("update", "which creates what is missing"), ("delete", "Leave the row out")],
)
def test_missing_resources_have_advice(mode: str, advice: str) -> None:
    fault = found({}, mode, existing=None)
    assert isinstance(fault, RowFault)
    assert advice in fault.advice
    assert (fault.column, fault.value) == ("external_id", "C1")


def test_categories_are_compared_as_sets() -> None:
    assert found({}, related=("hats",)) is None
    operation = found({}, related=("hats", "caps"))
    assert len(sent(operation)["relationships"]["categories"]["data"]) == 2


def test_item_of_a_variant_is_not_compared() -> None:
    row = Row(1, VARIANT, "V1", {}, ("C1",))
    assert decide(MODES["upsert"], row, {}, set) is None


def test_missing_row_fails_an_update() -> None:
    fault = found({}, "update", None)
    assert isinstance(fault, RowFault)
    assert fault.detail == "An item with the id `$custom:::$default:::C1` does not exist."


def test_modes_name_their_outcomes() -> None:
    assert {name: mode.outcomes for name, mode in MODES.items()} == {
        "create": ("created", "unchanged"),
        "update": ("updated", "unchanged"),
        "upsert": ("created", "updated", "unchanged"),
        "delete": ("deleted",),
        "mirror": ("created", "updated", "unchanged", "deleted"),
    }


def test_later_rows_win() -> None:
    first = Row(1, ITEM, "C1", {"title": "a", "custom_metadata": {"a": 1}}, ("x",), merges=True)
    second = Row(2, ITEM, "C1", {"price": 1, "custom_metadata": {"b": 1}}, merges=True)
    row = joined([first, second])
    attributes = {"title": "a", "price": 1, "custom_metadata": {"a": 1, "b": 1}}
    assert (row.attributes, row.related, row.merges) == (attributes, ("x",), True)


def test_later_whole_metadata_replaces() -> None:
    first = Row(1, ITEM, "C1", {"custom_metadata": {"a": 1}}, merges=True)
    row = joined([first, Row(2, ITEM, "C1", {"custom_metadata": {"b": 1}})])
    assert (row.attributes, row.merges) == ({"custom_metadata": {"b": 1}}, False)


def test_resource_may_be_as_given() -> None:
    row = Row(1, ITEM, "C1", {"title": "Cap"}, ("hats",))
    hats = {"hats"}.copy
    assert is_as_given(row, {"title": "Cap", "price": 5}, hats)
    assert not is_as_given(row, {"title": "Cap", "price": 5}, set)
    assert not is_as_given(row, {"title": "Hat"}, hats)
    assert not is_as_given(row, None, hats)
