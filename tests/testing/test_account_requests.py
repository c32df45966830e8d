"""What was sent to an account, as a test sees it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from testing.held import ITEMS, JOBS, item, job, send

if TYPE_CHECKING:
    from backroom.testing import Account, Server


def test_requests_of_others_are_not_shown(held: Server, account: Account) -> None:
    send(held.account(), "GET", ITEMS)
    send(account, "GET", f"{ITEMS}?sort=-created")
    (sent,) = account.requests
    assert (sent.operation, sent.status) == ("get_catalog_items", 200)
    assert sent.path == f"{ITEMS}?sort=-created"


def test_bodies_are_looked_into(account: Account) -> None:
    for name in ("cap", "fez"):
        send(account, "POST", ITEMS, {"data": item(name)})
    wanted = {"$.data.attributes.external_id": "fez"}
    sent = account.requests.last("create_catalog_item", body=wanted)
    assert sent.body["data"]["attributes"]["title"] == "fez"
    assert sent.answer["data"]["id"].endswith("fez")
    assert account.requests.count(method="POST", status=201) == 2


def test_wrong_key_is_seen(account: Account) -> None:
    send(account, "GET", ITEMS, Authorization="Klaviyo-API-Key pk_other")
    (sent,) = account.requests.find(status="4xx")
    assert (sent.status, sent.account) == (401, None)


def test_refused_request_says_what_was_near(account: Account) -> None:
    send(account, "GET", "/api/catalog-itms")
    assert "nearest is GET /api/catalog-items" in str(account.requests.last().near)


def test_missing_request_names_what_came(account: Account) -> None:
    with pytest.raises(LookupError, match="these came: none"):
        account.requests.last()
    send(account, "GET", ITEMS)
    with pytest.raises(LookupError, match="these came: GET /api/catalog-items 200"):
        account.requests.last("bulk_create_catalog_items")


def test_requests_are_waited_for(held: Server, account: Account) -> None:
    other = held.account()
    senders = [
        threading.Thread(target=send, args=(each, "POST", JOBS, job("cap")))
        for each in (other, other, account, account)
    ]
    for each in senders:
        each.start()
    found = account.requests.wait("bulk_create_catalog_items", count=2)
    assert [each.account for each in found] == [account.account] * 2
    for each in senders:
        each.join()


def test_waiting_ends_with_what_came(account: Account) -> None:
    with pytest.raises(TimeoutError, match=r"0 of 1 requests came in 0\.01 s"):
        account.requests.wait("get_catalog_items", timeout=0.01)


def test_cleared_requests_stay_for_others(held: Server, account: Account) -> None:
    other = held.account()
    for each in (account, other):
        send(each, "GET", ITEMS)
    account.requests.clear()
    assert (len(account.requests), len(other.requests)) == (0, 1)


def test_fault_is_named_with_its_request(account: Account) -> None:
    fault = account.faults.add(status=503)
    send(account, "GET", ITEMS)
    assert account.requests.last().fault == fault.number
