from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.dashboard import traffic
from backroom.dashboard.traffic import SLICES, Traffic, percentile
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client


@pytest.fixture
def counted(shown: Server) -> Traffic:
    found = Traffic()
    shown.observe(found)
    return found


def total(counted: Traffic) -> int:
    return sum(each.requests for each in counted.slices())


@pytest.mark.slow
def test_requests_are_counted_by_time(counted: Traffic, client: Client) -> None:
    for _ in range(3):
        client.get("/api/catalog-items")
    until(lambda: total(counted) == 3, "the slice of the requests to end")
    assert len(counted.slices()) == SLICES - 1
    held = [each for each in counted.slices() if each.requests]
    assert sum(each.failures for each in held) == 0
    assert sum(len(each.seconds) for each in held) == 3


def test_refusals_of_a_kind_are_one(counted: Traffic, client: Client) -> None:
    for name in ("one", "two"):
        client.get(f"/api/catalog-items/$custom:::$default:::{name}")
    (found,) = counted.refused()
    assert (found.status, found.operation, found.times) == (404, "get_catalog_item", 2)
    assert "two" in found.detail


def test_refusals_that_recur_keep_their_place(
    counted: Traffic, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, variant = "/api/catalog-items/x", "/api/catalog-variants/x"
    for path in (item, variant, item):
        client.get(path)
    assert [each.times for each in counted.refused()] == [1, 2]
    monkeypatch.setattr(traffic, "_AGAIN", 0)
    client.get(item)
    assert [each.times for each in counted.refused()] == [3, 1]


def test_kinds_of_refusals_are_bounded(
    counted: Traffic, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "MOST_REFUSALS", 2)
    for path in ("/api/nothing", "/api/catalog-items/x", "/api/catalog-variants/x"):
        client.get(path)
    assert [each.operation for each in counted.refused()] == [
        "get_catalog_variant",
        "get_catalog_item",
    ]


def test_percentiles_are_among_the_values() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0], 0.95) == 1.0
