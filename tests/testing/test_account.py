"""A clean account in the hands of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.revisions import NEWEST
from backroom.testing import Account, ControlError
from testing.held import ITEMS, JOBS, job, row, send

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.testing import Server


def titles(account: Account) -> list[str]:
    return [each["title"] for each in account.resources("item")]


def test_headers_open_the_account(account: Account) -> None:
    answer = send(account, "GET", ITEMS)
    assert (answer.status, answer.headers["CID"]) == (200, account.account)
    assert answer.headers["X-Klaviyo-Api-Revision"] == account.revision == NEWEST


def test_revision_is_in_the_headers(held: Server) -> None:
    account = held.account(revision="2023-02-22")
    assert send(account, "GET", ITEMS).headers["X-Klaviyo-Api-Revision"] == "2023-02-22"


def test_seeded_rows_are_the_catalog(account: Account) -> None:
    account.seed([row("cap", title="Cap")])
    assert titles(account) == ["Cap"]
    assert account.resources(external_id="fez") == []
    assert send(account, "GET", ITEMS).json["data"][0]["attributes"]["title"] == "Cap"


def test_seed_is_the_demo_shop(account: Account) -> None:
    account.seed()
    assert len(account.resources("category")) == 25


def test_feed_is_seeded_from_a_file(account: Account, tmp_path: Path) -> None:
    feed = tmp_path / "shop.csv"
    feed.write_text("type,external_id,title,description,url\nitem,cap,Cap,Red.,https://shop.test\n")
    account.seed(feed=feed)
    assert titles(account) == ["Cap"]


def test_wrong_row_is_named(account: Account) -> None:
    with pytest.raises(ControlError, match="row 1: type is 'hat'"):
        account.seed([{"type": "hat", "external_id": "cap"}])


def test_snapshots_come_back(account: Account) -> None:
    account.seed([row("cap")])
    one = account.snapshot()
    account.seed([row("fez")])
    both = account.snapshot()
    one.restore()
    assert titles(account) == ["cap"]
    both.restore()
    assert titles(account) == ["cap", "fez"]
    both.delete()
    with pytest.raises(ControlError, match="has no snapshot"):
        both.restore()


def test_new_key_has_its_scopes(account: Account) -> None:
    reader = {"Authorization": f"Klaviyo-API-Key {account.new_key('catalogs:read')}"}
    assert send(account, "GET", ITEMS, **reader).status == 200
    assert send(account, "POST", JOBS, job("cap"), **reader).status == 403


def test_jobs_are_waited_for(account: Account) -> None:
    send(account, "POST", JOBS, job("cap", "cap"))
    (ended,) = account.wait_for_jobs()
    assert (ended["status"], ended["completed_count"], ended["failed_count"]) == ("complete", 1, 1)
    assert len(ended["errors"]) == 1
    assert account.jobs("cancelled") == []


def test_jobs_that_stay_are_named(account: Account) -> None:
    account.pace.add(stay=True)
    send(account, "POST", JOBS, job("cap"))
    with pytest.raises(TimeoutError, match=r"have not ended in 0\.01 s"):
        account.wait_for_jobs(timeout=0.01)


def test_reset_leaves_a_clean_account(account: Account) -> None:
    account.seed([row("cap")])
    account.pace.add(stay=True)
    account.faults.add(status=503)
    send(account, "GET", ITEMS)
    account.reset()
    assert (titles(account), account.jobs(), account.pace.all(), account.faults.all()) == (
        *([], [], []),
        [],
    )
    assert not account.requests
