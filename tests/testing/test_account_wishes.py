"""Faults and wishes of an account, in the hands of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.testing import ControlError
from testing.held import ITEMS, JOBS, job, send

if TYPE_CHECKING:
    from backroom.testing import Account, Server


def status_of_job(account: Account, sent: str) -> str:
    return str(send(account, "GET", f"{JOBS}/{sent}").json["data"]["attributes"]["status"])


def test_fault_strikes_its_account_alone(held: Server, account: Account) -> None:
    fault = account.faults.add(status=503, operation="get_catalog_items")
    assert send(held.account(), "GET", ITEMS).status == 200
    assert send(account, "GET", ITEMS).status == 503
    assert send(account, "GET", ITEMS).status == 200
    assert fault.used == 1


def test_unused_ones_are_listed(account: Account) -> None:
    used, unused = account.faults.add(status=500), account.faults.add(delay=0.5, times=3)
    send(account, "GET", ITEMS)
    assert [each.number for each in account.faults.all()] == [used.number, unused.number]
    (found,) = account.faults.unused()
    assert repr(found) == f"fault {unused.number} {{'times': 3, 'delay': 0.5}}"


def test_removed_one_strikes_no_more(account: Account) -> None:
    fault = account.faults.add(status=503, times=0)
    fault.remove()
    assert send(account, "GET", ITEMS).status == 200
    with pytest.raises(LookupError, match="was removed"):
        _ = fault.used


def test_clear_keeps_those_of_others(held: Server, account: Account) -> None:
    other = held.account()
    other.faults.add(status=503)
    account.faults.add(status=503)
    account.faults.clear()
    assert (account.faults.all(), len(other.faults.all())) == ([], 1)


def test_lost_answer_was_accepted(account: Account) -> None:
    account.faults.add(status=503, after=True, operation="bulk_create_catalog_items")
    assert send(account, "POST", JOBS, job("cap")).status == 503
    account.wait_for_jobs()
    assert [each["external_id"] for each in account.resources()] == ["cap"]


def test_wishes_set_the_pace(account: Account) -> None:
    wish = account.pace.add(queued=True, times="always")
    sent = send(account, "POST", JOBS, job("cap")).json["data"]["id"]
    seen = [status_of_job(account, sent) for _ in range(3)]
    assert seen == ["queued", "processing", "complete"]
    assert wish.used == 1
    assert account.pace.unused() == []


def test_failing_operations_are_chosen(account: Account) -> None:
    account.pace.add(fail=["fez"], error={"detail": "Too red."})
    send(account, "POST", JOBS, job("cap", "fez"))
    (ended,) = account.wait_for_jobs()
    assert (ended["failed_count"], ended["errors"][0]["detail"]) == (1, "Too red.")


def test_released_jobs_go_on(account: Account) -> None:
    account.pace.add(stay=True, times=2)
    first, second = (send(account, "POST", JOBS, job(each)).json["data"]["id"] for each in "ab")
    assert account.pace.release(first) == [first]
    assert account.pace.release() == [second]
    assert {each["status"] for each in account.wait_for_jobs()} == {"complete"}


def test_what_makes_no_sense_is_refused(account: Account) -> None:
    with pytest.raises(ControlError, match="nearest is get_catalog_items"):
        account.faults.add(status=500, operation="get_catalog_itms")
    with pytest.raises(ControlError, match="`after_seconds` is a number"):
        account.pace.add(after_seconds=-1)
