"""Which failures were corrected since, on a live server with real jobs and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import JOB_KINDS
from backroom.control.corrected import Correction, corrections_of_job, number_corrected
from backroom.store import job_search
from support.factories import a_body, a_resource
from support.job_shop import Shop

if TYPE_CHECKING:
    from backroom.server import Server
    from backroom.store.job_rows import Job
    from conftest import MakeClient

ITEMS = "/api/catalog-items"


@pytest.fixture
def shop(live_server: Server, make_client: MakeClient) -> Shop:
    return Shop(live_server, make_client())


def job_of(shop: Shop, job_id: str) -> Job:
    with shop.server.database.read() as tx:
        found = job_search.find_job(tx, shop.account, job_id)
    assert found is not None
    return found


def corrections(shop: Shop, job_id: str) -> dict[str, Correction]:
    return corrections_of_job(shop.server.control, shop.account, job_of(shop, job_id))


def failed_twice(shop: Shop) -> str:
    """Give a job whose creates of a and b have failed, because both are there."""
    shop.ended("a", "b")
    return shop.ended("a", "b", "c")


def sent(shop: Shop, job_type: str, *resources: Any) -> str:
    kind = JOB_KINDS[job_type]
    answer = shop.client.post(f"/api/{kind.collection}", a_body(kind, *resources))
    shop.client.completed(f"/api/{kind.collection}", answer.job_id)
    return str(answer.job_id)


def changed(name: str, title: str) -> dict[str, Any]:
    return {"type": "catalog-item", "id": resource_id(name), "attributes": {"title": title}}


def test_nothing_is_corrected_at_first(shop: Shop) -> None:
    assert corrections(shop, failed_twice(shop)) == {}


def test_later_job_is_named(shop: Shop) -> None:
    failed = failed_twice(shop)
    update = "catalog-item-bulk-update-job"
    later = sent(shop, update, changed("a", "A"), changed("b", "B"))
    found = corrections(shop, failed)
    assert {name: each.job_id for name, each in found.items()} == {"a": later, "b": later}


def test_later_call_is_named(shop: Shop) -> None:
    failed = failed_twice(shop)
    shop.client.request("PATCH", f"{ITEMS}/{resource_id('b')}", json={"data": changed("b", "B")})
    found = corrections(shop, failed)
    assert [(name, each.call) for name, each in found.items()] == [("b", "update_catalog_item")]
    with shop.server.database.read() as tx:
        assert number_corrected(tx, shop.account, job_of(shop, failed)) == 1


def test_what_was_lacking_may_be_created(shop: Shop) -> None:
    failed = sent(shop, "catalog-item-bulk-update-job", changed("z", "Z"))
    assert corrections(shop, failed) == {}
    shop.client.post(ITEMS, {"data": a_resource("item", "z")})
    assert corrections(shop, failed)["z"].call == "create_catalog_item"


def test_failed_deletes_stay_failed(shop: Shop) -> None:
    gone = {"type": "catalog-item", "id": resource_id("z")}
    failed = sent(shop, "catalog-item-bulk-delete-job", gone)
    shop.client.post(ITEMS, {"data": a_resource("item", "z")})
    assert job_of(shop, failed).failed_count == 1
    assert corrections(shop, failed) == {}
