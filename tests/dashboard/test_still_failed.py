from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.ids import resource_id
from backroom.dashboard.still_failed import Failures
from support.job_shop import Shop

if TYPE_CHECKING:
    from backroom.dashboard.still_failed import StillFailed
    from backroom.server import Server
    from conftest import MakeClient


@pytest.fixture
def shop(live_server: Server, make_client: MakeClient) -> Shop:
    return Shop(live_server, make_client())


def correct(shop: Shop, name: str) -> None:
    attributes = {"title": "Corrected"}
    body = {"type": "catalog-item", "id": resource_id(name), "attributes": attributes}
    shop.client.request("PATCH", f"/api/catalog-items/{resource_id(name)}", json={"data": body})


def seen(shop: Shop, failures: Failures) -> tuple[dict[str, int], StillFailed]:
    with shop.server.database.read() as tx:
        found = failures.still_there(tx)
    own = {each.job_id: number for each, number in found.jobs if each.account == shop.account}
    return own, found


def test_corrected_jobs_are_left_out(shop: Shop) -> None:
    shop.ended("a", "b")
    failed = shop.ended("a", "b")
    assert seen(shop, Failures())[0] == {failed: 0}
    correct(shop, "a")
    assert seen(shop, Failures())[0] == {failed: 1}
    before = seen(shop, Failures())[1].corrected
    correct(shop, "b")
    own, found = seen(shop, Failures())
    assert (own, found.corrected) == ({}, before + 1)


def test_answers_stand_for_a_moment(shop: Shop) -> None:
    moment = 0.0
    failures = Failures(lambda: moment)
    shop.ended("a")
    failed = shop.ended("a")
    assert seen(shop, failures)[0] == {failed: 0}
    correct(shop, "a")
    assert seen(shop, failures)[0] == {failed: 0}
    moment = 2.0
    assert seen(shop, failures)[0] == {}
