"""Windows that several processes share, in a real store that dies and comes back."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import redis

from backroom.api.limits import Limiter, SharedWindows
from backroom.catalog.operations import Shape
from backroom.errors import Throttled
from shared_limits.store import LimitsStore
from support.client import Client
from support.factories import OLDEST, an_operation
from support.process import Programs, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIST = an_operation(shape=Shape.JOB_LIST)
PATH = LIST.path
BURST = 350
AT_ONCE = 2.0
"""Seconds; a store that answers nothing is waited for two tenths of one."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LimitsStore]:
    started = LimitsStore(tmp_path)
    yield started
    started.kill()


def limiters(store: LimitsStore, scale: float = 100) -> list[Limiter]:
    return [Limiter(scale, SharedWindows(store.url)) for _ in range(2)]


def left(limiter: Limiter) -> int:
    return limiter.take("shop", LIST, OLDEST).remaining


def share(pair: list[Limiter]) -> bool:
    """Whether the second knows what the first has counted, in one window."""
    first, second = (left(each) for each in pair)
    return second == first - 1


def test_limiters_share_their_windows(store: LimitsStore) -> None:
    pair = limiters(store)
    until(lambda: share(pair), "two requests in one window")


def test_no_window_gives_more(store: LimitsStore) -> None:
    pair = limiters(store, scale=1)
    lowest = min(left(each) for each in pair * 100)
    assert 0 <= lowest < BURST - 100


def test_windows_start_again(store: LimitsStore) -> None:
    limiter = limiters(store)[0]
    first = left(limiter)
    until(lambda: left(limiter) < first, "another request in the window")
    until(lambda: left(limiter) == first, "a new window")


def test_clock_of_a_server_moves_no_window(
    store: LimitsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = limiters(store, scale=1e-9)[0]
    until(lambda: _waits(limiter) > 1, "the minute's requests to be used up")
    moved = time.time() - 3600
    monkeypatch.setattr(time, "time", lambda: moved)
    assert 1 <= _waits(limiter) <= 60


def test_clock_of_the_store_set_back(store: LimitsStore) -> None:
    limiter = limiters(store, scale=1e-9)[0]
    until(lambda: _waits(limiter) > 1, "the minute's requests to be used up")
    # What the store has when its clock was set back an hour: windows that last an hour longer.
    with closing(redis.Redis.from_url(store.url)) as client:
        for name in client.scan_iter():
            client.expire(name, 3660)
    until(lambda: _waits(limiter) == 0, "a window of its true length")
    assert _waits(limiter) <= 60


def _waits(limiter: Limiter) -> int:
    """In how many seconds to try again, 0 where the request is allowed."""
    try:
        left(limiter)
    except Throttled as fault:
        return fault.retry_after
    return 0


def test_servers_share_their_windows(programs: Programs, store: LimitsStore) -> None:
    shared = {"BACKROOM_LIMITS": "0.01", "BACKROOM_LIMITS_STORE": store.url}
    first, second = programs.serve(**shared), programs.serve(**shared)
    (key,) = filter(None, [first.said["key"], second.said["key"]])
    clients = [Client(each.url, key) for each in (first, second)]
    # 8 a minute, however many servers: a burst of one a second is waited for.
    statuses: list[int] = []

    def throttled_by_the_minute() -> bool:
        answer = clients[len(statuses) % 2].get(PATH)
        statuses.append(answer.status)
        return answer.status == 429 and int(answer.headers["Retry-After"]) > 1

    until(throttled_by_the_minute, "the minute's requests to be used up")
    assert statuses.count(200) <= 8


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_requests_outlive_the_store(programs: Programs, store: LimitsStore, how: int) -> None:
    server = programs.serve(BACKROOM_LIMITS="real", BACKROOM_LIMITS_STORE=store.url)
    client = Client(server.url, server.key)
    assert client.get(PATH).status == 200
    store.process.send_signal(how)
    for _ in range(3):
        began = time.monotonic()
        answer = client.get(PATH)
        assert answer.status == 200
        assert time.monotonic() - began < AT_ONCE
    assert "this process counts for itself" in server.errors


@pytest.mark.slow
def test_store_that_returns_is_used(store: LimitsStore) -> None:
    pair = limiters(store)
    until(lambda: share(pair), "two requests in one window")
    store.kill()
    assert not any(share(pair) for _ in range(10))
    store.start()
    until(lambda: share(pair), "the store to be used again")


def test_lone_server_says_so(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url, BACKROOM_LIMITS="real")
    assert server.announced()
    assert "each process counts rate limits for itself" in server.errors
