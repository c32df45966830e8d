"""Tests of the sync of a shop, as a stranger writes them."""

from __future__ import annotations

import pytest
from shop_sync import Sync


def product(number, title="Tee", quantity=3):
    variant = {"id": number * 10, "title": "S", "sku": f"T-{number}", "price": "9.50"}
    return {
        "id": number,
        "title": title,
        "handle": f"tee-{number}",
        "body_html": "<p>Soft.</p>",
        "status": "active",
        "variants": [{**variant, "inventory_quantity": quantity}],
    }


@pytest.fixture
def sync(backroom_klaviyo):
    return Sync(backroom_klaviyo, pause=0.01)


def test_new_products_arrive(backroom, sync):
    assert sync.run([product(1), product(2)]) == []
    assert [each["external_id"] for each in backroom.resources("item")] == ["1", "2"]
    assert [each["item"] for each in backroom.resources("variant")] == ["1", "2"]


def test_changed_products_are_updated(backroom, sync):
    backroom.seed([{"type": "item", "external_id": "1", "title": "Old", "price": 7}])
    assert sync.run([product(1, title="New", quantity=0), product(2)]) == []
    (changed,) = backroom.resources("item", external_id="1")
    assert (changed["title"], changed["price"]) == ("New", 7)
    assert backroom.resources("variant", "10")[0]["inventory_quantity"] == 0


@pytest.mark.backroom(pace={"queued": True, "after_reads": 2})
def test_slow_jobs_are_waited_for(backroom, sync):
    assert sync.run([product(1)]) == []
    assert backroom.requests.count("get_bulk_create_catalog_items_job") > 1


@pytest.mark.backroom(pace=[{"cancelled": True}])
def test_cancelled_job_is_reported(sync):
    assert "was cancelled" in sync.run([product(1)])[0]


def test_refused_product_is_reported(backroom, sync):
    backroom.pace.add(fail=["2"], error={"detail": "Not this one."})
    assert sync.run([product(1), product(2)])[0] == "Not this one."
    assert [each["external_id"] for each in backroom.resources("item")] == ["1"]


def test_more_than_a_job_holds_is_split(backroom, sync):
    assert sync.run([product(number) for number in range(101)]) == []
    sent = backroom.requests.find("bulk_create_catalog_items")
    assert [len(each.body["data"]["attributes"]["items"]["data"]) for each in sent] == [100, 1]


def test_lost_answer_makes_no_duplicates(backroom, sync):
    backroom.faults.add(status=503, after=True, operation="bulk_create_catalog_items")
    assert sync.run([product(1)]) == []
    assert len(backroom.resources("item")) == 1


def test_failure_of_one_is_raised(backroom, sync):
    backroom.faults.add(status=400, code="invalid", detail="Nope.", times=0)
    with pytest.raises(Exception, match="Nope"):
        sync.run([product(1)])
