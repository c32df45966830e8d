"""The clock of a test, and everything that goes by it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.api.limits import Limiter
from backroom.errors import Throttled
from backroom.jobs.lifecycle import LIFETIME
from backroom.testing.clock import InvalidTime, SettableClock, read_moment
from conftest import client_of, running
from support.client import NEWEST
from support.factories import NEWEST as NEWEST_REVISION
from support.factories import an_operation
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import NewDatabase

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def settable() -> Iterator[SettableClock]:
    made = SettableClock()
    yield made
    made.let_go()


def test_untouched_clock_is_real(settable: SettableClock) -> None:
    assert settable.mode == "real"
    assert abs(settable.now() - datetime.now(UTC)) < SECOND
    assert clock.real_seconds(5) == 5


def test_frozen_time_stands_still(settable: SettableClock) -> None:
    settable.freeze()
    assert clock.now() == clock.now()
    assert clock.steady() == clock.steady()
    assert clock.real_seconds(1) == math.inf
    assert settable.mode == "frozen"


def test_set_time_stays_frozen(settable: SettableClock) -> None:
    settable.freeze()
    settable.set(NEW_YEAR)
    assert clock.now() == NEW_YEAR
    settable.advance(DAY)
    assert clock.now() == NEW_YEAR + DAY


def test_set_time_goes_on(settable: SettableClock) -> None:
    settable.set(NEW_YEAR)
    assert NEW_YEAR < clock.now() < NEW_YEAR + timedelta(minutes=1)
    assert settable.mode == "1x"


@pytest.mark.slow
def test_scaled_time_runs_faster(settable: SettableClock) -> None:
    settable.run(100_000)
    before = clock.now()
    until(lambda: clock.now() - before > DAY, "a day to pass")
    assert clock.real_seconds(100_000) == 1
    assert settable.mode == "100000x"


def test_steady_time_never_goes_back(settable: SettableClock) -> None:
    seen = [clock.steady()]
    for text in ("2200-01-01", "2020-01-01", "60x", "real"):
        settable.follow(text)
        seen.append(clock.steady())
    assert seen == sorted(seen)
    assert seen[1] - seen[0] > DAY.total_seconds()


def test_real_time_comes_back(settable: SettableClock) -> None:
    settable.follow("2030-01-01T00:00:00Z")
    assert clock.now() == NEW_YEAR
    settable.follow("real")
    assert abs(clock.now() - datetime.now(UTC)) < SECOND
    assert settable.mode == "real"


@pytest.mark.parametrize(
    "text", ["slow", "0x", "9999999x", "2030-01-01T00:00:00", "1960-01-01", "9999-12-31", ""]
)
def test_wrong_times_are_refused(settable: SettableClock, text: str) -> None:
    with pytest.raises(InvalidTime):
        settable.follow(text)


def test_time_is_not_advanced_backwards(settable: SettableClock) -> None:
    for by in (-SECOND, timedelta(days=3_000_000)):
        with pytest.raises(InvalidTime):
            settable.advance(by)


def test_dates_begin_at_midnight() -> None:
    assert read_moment("2030-01-01") == read_moment("2030-01-01T01:00:00+01:00") == NEW_YEAR


def test_ids_go_by_the_clock(settable: SettableClock) -> None:
    settable.follow("2100-01-01")
    moment = settable.now()
    assert clock.new_ulid(moment) > clock.least_ulid(moment)


def test_ids_go_back_with_the_clock(settable: SettableClock) -> None:
    settable.follow("2100-01-01")
    ahead = clock.new_ulid(settable.now())
    settable.follow("2030-01-01")
    assert clock.new_ulid(NEW_YEAR) < clock.least_ulid(NEW_YEAR + SECOND) < ahead
    assert clock.new_ulid(NEW_YEAR, ahead) > ahead


def test_rate_windows_go_by_the_clock(settable: SettableClock) -> None:
    settable.freeze()
    limiter, post = Limiter(0.0001), an_operation()
    limiter.take("shop", post, NEWEST_REVISION)
    with pytest.raises(Throttled):
        limiter.take("shop", post, NEWEST_REVISION)
    settable.advance(timedelta(minutes=1))
    assert limiter.take("shop", post, NEWEST_REVISION).remaining == 0


def test_waiters_are_woken(settable: SettableClock) -> None:
    woken: list[datetime] = []

    def note() -> None:
        woken.append(clock.now())

    clock.watch(note)
    settable.follow("2030-01-01")
    clock.unwatch(note)
    settable.advance(DAY)
    assert woken[-1] == NEW_YEAR


def test_delayed_jobs_go_by_the_clock(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off", job_delay=3600, clock="frozen") as server:
        items = Jobs(client_of(server), NEWEST, KIND["item-create"])
        job_id = items.post(creation(items, "a")).job_id
        assert items.get(job_id).json["data"]["attributes"]["status"] == "processing"
        server.clock.advance(timedelta(hours=1))
        items.completed(job_id)


def test_jobs_expire_by_the_clock(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off", clock="2030-01-01") as server:
        items = Jobs(client_of(server), NEWEST, KIND["item-create"])
        job_id = items.post(creation(items, "a")).job_id
        job = items.completed(job_id).json["data"]["attributes"]
        assert job["created_at"] == "2030-01-01T00:00:00.000000+00:00"
        server.clock.advance(LIFETIME + SECOND)
        answer = items.get(job_id)
        assert answer.status == 404
        assert answer.headers["date"] == "Tue, 08 Jan 2030 00:00:01 GMT"

        def jobs_left() -> int:
            with server.database.read() as tx:
                return tx.all("select count(*) from jobs")[0][0]  # type: ignore[no-any-return]

        until(lambda: jobs_left() == 0, "the row to be removed")


def test_servers_leave_no_clock_behind(new_database: NewDatabase) -> None:
    with running(new_database(), clock="2030-01-01"):
        assert clock.now() == NEW_YEAR
    assert abs(clock.now() - datetime.now(UTC)) < SECOND
