"""Time passes by looks, and only who gets on is waited for."""

from __future__ import annotations

import pytest

from backroom.api.deadlines import SLOWEST, Deadlines, Progress, TimeLimits, Wait
from backroom.settings import Settings

LIMITS = TimeLimits(head=10, body=10, answer=60, idle=75)


class Waiting:
    """A connection that says what it is made to say."""

    def __init__(self, progress: Progress) -> None:
        self.now = progress
        self.ended: list[Wait] = []

    def progress(self) -> Progress:
        return self.now

    def let_go(self, wait: Wait) -> None:
        self.ended.append(wait)


def looked(deadlines: Deadlines, times: int) -> None:
    for _ in range(times):
        deadlines.look()


def watched(progress: Progress) -> tuple[Deadlines, Waiting]:
    deadlines, connection = Deadlines(LIMITS), Waiting(progress)
    deadlines.watch(connection)
    return deadlines, connection


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(Wait.HEAD, 10), (Wait.BODY, 10), (Wait.READER, 60), (Wait.IDLE, 75), (Wait.CLOSE, 5)],
)
def test_waiting_ends_at_its_limit(wait: Wait, seconds: int) -> None:
    deadlines, connection = watched(Progress(wait, 1))
    looked(deadlines, seconds - 1)
    assert connection.ended == []
    looked(deadlines, 1)
    assert connection.ended == [wait]


def test_work_of_the_server_has_no_limit() -> None:
    deadlines, connection = watched(Progress(Wait.ANSWER, 1))
    looked(deadlines, 1000)
    assert connection.ended == []


def test_forgotten_connections_are_not_ended() -> None:
    deadlines, connection = watched(Progress(Wait.HEAD, 1))
    deadlines.forget(connection)
    deadlines.forget(connection)
    looked(deadlines, 100)
    assert connection.ended == []


@pytest.mark.parametrize("wait", [Wait.HEAD, Wait.BODY, Wait.IDLE])
def test_each_request_has_its_own_time(wait: Wait) -> None:
    deadlines, connection = watched(Progress(wait, 0))
    for number in range(1, 100):
        connection.now = Progress(wait, number)
        deadlines.look()
    assert connection.ended == []


@pytest.mark.parametrize(("rate", "ended"), [(SLOWEST, []), (SLOWEST - 1, [Wait.BODY])])
def test_bodies_must_keep_their_rate(rate: int, ended: list[Wait]) -> None:
    deadlines, connection = watched(Progress(Wait.BODY, 1))
    for second in range(1, 15):
        connection.now = Progress(Wait.BODY, 1, rate * second)
        deadlines.look()
    assert connection.ended == ended


def test_haste_is_no_credit() -> None:
    deadlines, connection = watched(Progress(Wait.BODY, 1))
    connection.now = Progress(Wait.BODY, 1, 4_000_000)
    looked(deadlines, 11)
    assert connection.ended == [Wait.BODY]


def test_any_byte_read_is_progress() -> None:
    deadlines, connection = watched(Progress(Wait.READER, 1, -1000))
    for left in (3000, 2999, 2998):
        connection.now = Progress(Wait.READER, 1, -left)
        looked(deadlines, 40)
    assert connection.ended == []


def test_growing_buffers_are_no_progress() -> None:
    deadlines, connection = watched(Progress(Wait.READER, 1, -1000))
    for second in range(61):
        connection.now = Progress(Wait.READER, 1, -1000 - second)
        deadlines.look()
    assert connection.ended == [Wait.READER]


def test_short_limits_are_looked_at_often() -> None:
    assert Deadlines(LIMITS).interval == 1
    assert Deadlines(LIMITS._replace(idle=0.2)).interval == pytest.approx(0.05)


def test_limits_are_those_of_the_settings() -> None:
    assert TimeLimits.of(Settings()) == TimeLimits() == LIMITS
