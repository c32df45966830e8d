"""The time of a server in the hands of a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backroom.testing import ControlError
from testing.held import JOBS, job, send

if TYPE_CHECKING:
    from backroom.testing import Account

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


def test_time_stands_still_and_moves(account: Account) -> None:
    account.clock.freeze(NEW_YEAR)
    account.clock.advance(days=1, hours=2)
    account.clock.advance(timedelta(minutes=1), seconds=1)
    assert account.clock.now() == NEW_YEAR + timedelta(days=1, hours=2, minutes=1, seconds=1)
    assert account.clock.mode == "frozen"


def test_time_is_set_and_runs(account: Account) -> None:
    account.clock.set("2030-01-01T00:00:00Z")
    account.clock.run(60)
    assert account.clock.now() - NEW_YEAR < timedelta(hours=1)
    assert account.clock.mode == "60x"
    account.clock.be_real()
    assert account.clock.mode == "real"


def test_jobs_have_gone_on_when_time_has_moved(account: Account) -> None:
    account.clock.freeze()
    account.pace.add(after_seconds=300)
    send(account, "POST", JOBS, job("cap"))
    account.clock.advance(minutes=5)
    assert [each["status"] for each in account.jobs()] == ["complete"]


def test_time_does_not_go_back(account: Account) -> None:
    with pytest.raises(ControlError, match="can't be advanced backwards"):
        account.clock.advance(days=-1)
