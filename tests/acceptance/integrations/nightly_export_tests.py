"""Tests of the nightly script, as a stranger writes them."""

from __future__ import annotations

import pytest
import requests
from nightly_export import REVISION, Failed, export

PRICES = {"A-1": 5, "A-2": 6}


@pytest.fixture
def shop(backroom):
    backroom.seed([{"type": "item", "external_id": each} for each in PRICES])
    return backroom


def run(shop, **times):
    return export(shop.url, shop.key, PRICES, **{"pause": 0.01, **times})


def test_prices_are_written(shop):
    assert run(shop) == 0
    assert [each["custom_metadata"]["price"] for each in shop.resources("item")] == [5, 6]
    assert {each.revision for each in shop.requests} == {REVISION}


def test_job_is_polled_until_it_ends(shop):
    shop.pace.add(after_reads=3, early_counts=True)
    assert run(shop) == 0
    seen = [each.answer["data"]["attributes"]["status"] for each in shop.requests]
    assert seen == ["processing", "processing", "processing", "processing", "complete"]


def test_job_that_never_ends_is_given_up(shop):
    shop.pace.add(never=True)
    with pytest.raises(Failed, match="is still processing"):
        run(shop, patience=0.05)


def test_missing_items_are_counted(backroom):
    assert run(backroom) == 2


def test_wrong_key_is_said(shop):
    with pytest.raises(Failed, match="401"):
        export(shop.url, "pk_wrong", PRICES)
    assert shop.requests.last().status == 401


def test_key_without_rights_is_said(shop):
    with pytest.raises(Failed, match="403"):
        export(shop.url, shop.new_key("catalogs:read"), PRICES)


def test_server_error_is_said(shop):
    shop.faults.add(status=500)
    with pytest.raises(Failed, match="500"):
        run(shop)
    assert shop.jobs() == []


def test_job_expires_after_a_week(shop):
    run(shop)
    job = shop.url + shop.requests.last().path
    assert requests.get(job, headers=shop.headers, timeout=5).status_code == 200
    shop.clock.advance(days=8)
    assert requests.get(job, headers=shop.headers, timeout=5).status_code == 404
