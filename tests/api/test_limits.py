from __future__ import annotations

import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom import clock
from backroom.api import headers, limits
from backroom.api.limits import Allowance, Limiter, SharedWindows, Windows
from backroom.catalog.operations import OPERATIONS, Rate, Shape
from backroom.errors import Throttled
from support.factories import NEWEST, an_operation

if TYPE_CHECKING:
    from collections.abc import Callable

POST = an_operation()
LIST = an_operation(shape=Shape.JOB_LIST)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The clock of all windows stands until it is moved on."""
    moment = time.monotonic()

    def move(seconds: float) -> None:
        nonlocal moment
        moment += seconds

    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: moment))
    monkeypatch.setattr(clock, "steady", lambda: moment)
    return move


def take(limiter: Limiter, times: int, caller: str = "shop") -> Allowance:
    for _ in range(times - 1):
        limiter.take(caller, POST, NEWEST)
    return limiter.take(caller, POST, NEWEST)


def throttled(limiter: Limiter, caller: str = "shop") -> Throttled:
    with pytest.raises(Throttled) as caught:
        limiter.take(caller, POST, NEWEST)
    return caught.value


def test_headers_tell_of_the_burst() -> None:
    assert Allowance(Rate(350, 3500), 349).headers() == [
        (headers.RATE_LIMIT, b"350, 350;w=1, 3500;w=60"),
        (headers.RATE_REMAINING, b"349"),
        (headers.RATE_RESET, b"0"),
    ]


def test_remaining_counts_down() -> None:
    limiter = Limiter(1)
    left = [limiter.take("shop", POST, NEWEST).remaining for _ in range(3)]
    assert left == [74, 73, 72]


def test_burst_ends_at_its_rate() -> None:
    limiter = Limiter(1)
    assert take(limiter, 75).remaining == 0
    fault = throttled(limiter)
    assert fault.retry_after == 1
    assert fault.detail == "Request was throttled. Expected available in 1 second."


def test_steady_window_outlasts_the_burst(wait: Callable[[float], None]) -> None:
    limiter = Limiter(1 / 75)
    for _ in range(10):
        limiter.take("shop", POST, NEWEST)
        wait(1.5)
    assert 40 <= throttled(limiter).retry_after <= 60


def test_burst_window_follows_the_clock(wait: Callable[[float], None]) -> None:
    limiter = Limiter(1 / 75)
    limiter.take("shop", POST, NEWEST)
    throttled(limiter)
    wait(1.5)
    assert limiter.take("shop", POST, NEWEST).remaining == 0


def test_accounts_have_their_own_windows() -> None:
    limiter = Limiter(1)
    take(limiter, 75)
    throttled(limiter)
    assert take(limiter, 1, "other").remaining == 74


def test_operations_have_their_own_windows() -> None:
    limiter = Limiter(1)
    take(limiter, 75)
    assert limiter.take("shop", LIST, NEWEST).remaining == 74


def test_every_operation_counts_apart() -> None:
    limiter = Limiter(1)
    left = {limiter.take("shop", each, NEWEST).remaining for each in OPERATIONS}
    assert left == {74, 349}


def test_revisions_share_a_window() -> None:
    limiter = Limiter(1)
    limiter.take("shop", LIST, NEWEST)
    assert limiter.take("shop", LIST, "2022-10-17").remaining == 350 - 2


@pytest.mark.parametrize(
    ("scale", "limit"),
    [
        (1, b"75, 75;w=1, 750;w=60"),
        (2, b"150, 150;w=1, 1500;w=60"),
        (0.1, b"8, 8;w=1, 75;w=60"),
        (1e-9, b"1, 1;w=1, 1;w=60"),
    ],
)
def test_scale_multiplies_the_rates(scale: float, limit: bytes) -> None:
    shown = dict(Limiter(scale).take("shop", POST, NEWEST).headers())
    assert shown[headers.RATE_LIMIT] == limit


def test_refused_requests_count_too() -> None:
    limiter = Limiter(1 / 75)
    take(limiter, 1)
    for _ in range(10):
        throttled(limiter)
    assert throttled(limiter).retry_after > 1


def test_limiters_of_one_store_count_together() -> None:
    windows = Windows()
    take(Limiter(1, windows), 75)
    throttled(Limiter(1, windows))


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python a piece of work runs, loops counted by their rounds."""
    count = 0

    def trace(_: object, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.usefixtures("wait")
def test_many_accounts_ask_as_cheaply_as_one() -> None:
    limiter = Limiter(1)
    limiter.take("first", POST, NEWEST)
    alone = lines_run(lambda: limiter.take("one", POST, NEWEST))
    for each in range(10_000):
        limiter.take(f"shop {each}", POST, NEWEST)
        limiter.take(f"shop {each}", LIST, NEWEST)
    assert lines_run(lambda: limiter.take("last", POST, NEWEST)) <= alone + 5


def test_ended_windows_leave_the_memory(wait: Callable[[float], None]) -> None:
    windows = Windows()
    limiter = Limiter(1, windows)
    for each in range(100):
        limiter.take(f"shop {each}", POST, NEWEST)
    assert len(windows) == 100
    for _ in range(3):
        wait(61)
        limiter.take("shop", POST, NEWEST)
    assert len(windows) <= 2


def test_window_that_never_opened_has_ended() -> None:
    assert Windows().seconds_left("nobody", 60) <= 0


@pytest.mark.parametrize("hours", [-1, 1, 24 * 365])
def test_time_of_day_moves_no_window(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    limiter = Limiter(1 / 75)
    take(limiter, 1)
    moved = time.time() + hours * 3600
    monkeypatch.setattr(time, "time", lambda: moved)
    assert throttled(limiter).retry_after == 1
    for _ in range(10):
        fault = throttled(limiter)
    assert fault.retry_after <= 60


def test_window_that_lasts_too_long_starts_again(wait: Callable[[float], None]) -> None:
    limiter = Limiter(1)
    take(limiter, 75)
    wait(-3600)
    assert [take(limiter, 1).remaining for _ in range(3)] == [74, 73, 72]


PAUSES = st.sampled_from([0.0, 0.3, 0.5, 1.0, 1.7, 4.0, 29.0, 61.0])


@given(st.lists(st.tuples(st.sampled_from("ab"), PAUSES)))
def test_windows_count_as_fixed_ones(asked: list[tuple[str, float]]) -> None:
    windows, plain, now = Windows(), dict[tuple[str, int], tuple[int, float]](), 1000.0
    with pytest.MonkeyPatch.context() as patch:
        for key, pause in asked:
            now += pause
            patch.setattr(clock, "steady", lambda now=now: now)
            for length in (1, 60):
                count, end = plain.get((key, length), (0, 0.0))
                plain[key, length] = (count + 1, end) if now < end else (1, now + length)
            assert windows.count(key) == (plain[key, 1][0], plain[key, 60][0])
            for length in (1, 60):
                assert windows.seconds_left(key, length) == plain[key, length][1] - now


def test_counting_in_memory_is_inline() -> None:
    assert Limiter(1).inline
    assert not Limiter(1, SharedWindows("redis://127.0.0.1:1")).inline


def test_lost_store_leaves_counting_here() -> None:
    limiter = Limiter(1, SharedWindows("redis://127.0.0.1:1"))
    assert take(limiter, 75).remaining == 0
    throttled(limiter)
