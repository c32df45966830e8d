from __future__ import annotations

import asyncio
from typing import Any

from backroom.api.connections import Connections
from backroom.api.deadlines import Progress, TimeLimits, Wait

APP: Any = object()


class Open:
    """A connection that is only counted."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def progress(self) -> Progress:
        return Progress(Wait.ANSWER, 0)

    def let_go(self, wait: Wait) -> None:
        self.calls.append(wait.name)

    def stop(self) -> None:
        self.calls.append("stop")

    def abort(self) -> None:
        self.calls.append("abort")


def test_answers_share_their_headers() -> None:
    async def begun(idle: float) -> tuple[bytes, bytes]:
        connections = Connections(APP, TimeLimits(idle=idle))
        connections.begin()
        await connections.end()
        return connections.kept_lines, connections.last_lines

    kept, last = asyncio.run(begun(75))
    assert kept.endswith(b" GMT\r\nX-Content-Type-Options: nosniff\r\nKeep-Alive: timeout=75\r\n")
    assert last.endswith(b" GMT\r\nX-Content-Type-Options: nosniff\r\nconnection: close\r\n")
    assert b"Keep-Alive" not in asyncio.run(begun(0.5))[0]


def test_all_that_is_open_is_stopped() -> None:
    async def stopped() -> list[object]:
        connections, first, second = Connections(APP, TimeLimits()), Open(), Open()
        connections.begin()
        connections.add(first)
        connections.add(second)
        connections.remove(second)
        busy = connections.busy
        connections.stop()
        await connections.end()
        connections.remove(first)
        return [busy, *first.calls, *second.calls, connections.busy]

    assert asyncio.run(stopped()) == [True, "stop", "abort", False]


def test_work_is_cancelled_at_the_end() -> None:
    async def ended() -> list[bool]:
        connections = Connections(APP, TimeLimits())
        connections.begin()
        connections.run(asyncio.sleep(3600))
        before = connections.busy
        await connections.end()
        return [before, connections.busy]

    assert asyncio.run(ended()) == [True, False]
