from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from backroom.dashboard import live
from backroom.dashboard.live import LivePart, LiveParts, TooManyParts, event
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Shown:
    """What a part shows, and how often it was rendered."""

    def __init__(self) -> None:
        self.html = "first"
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return self.html


async def following(watching: AsyncGenerator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(watching), 10)


def test_lines_of_a_part_are_data() -> None:
    assert event("<p>\n</p>") == b"event: part\ndata: <p>\ndata: </p>\n\n"
    assert event("") == b"event: part\ndata: \n\n"


def test_changes_are_sent_to_all() -> None:
    async def watch() -> None:
        shown = Shown()
        part = LivePart(shown, 0.001)
        one, other = part.watch(), part.watch()
        assert await following(one) == await following(other) == event("first")
        shown.html = "second"
        assert await following(one) == await following(other) == event("second")
        await one.aclose()
        await other.aclose()
        assert not part.watched

    asyncio.run(watch())


def test_nobody_watching_costs_nothing() -> None:
    async def watch() -> None:
        shown = Shown()
        parts = LiveParts()
        watching = parts.watch("one", shown)
        await following(watching)
        assert len(parts) == 1
        await watching.aclose()
        assert len(parts) == 0
        await asyncio.sleep(0)
        times = shown.times
        await asyncio.sleep(0.01)
        assert shown.times == times

    asyncio.run(watch())


def test_failure_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def watch() -> None:
        fails = [True]

        def make() -> str:
            if fails:
                fails.clear()
                raise RuntimeError("torn")
            return "well"

        watching = LivePart(make, 0.001).watch()
        assert b"event: stale\ndata: The server could not make" in await following(watching)
        assert await following(watching) == event("well")
        await watching.aclose()

    asyncio.run(watch())
    assert "could not be rendered" in caplog.text


def test_absent_database_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def watch() -> None:
        times: list[int] = []

        def make() -> str:
            times.append(1)
            if 1 < len(times) < 20:
                raise StoreUnavailable("gone")
            return "the same"

        watching = LivePart(make, 0.001).watch()
        assert await following(watching) == event("the same")
        assert b"event: stale\ndata: The server can't reach its database" in await following(
            watching
        )
        assert await following(watching) == event("the same")
        await watching.aclose()

    asyncio.run(watch())
    assert [each.getMessage() for each in caplog.records if each.name == live.log.name] == [
        "a part of the dashboard waits for the database: gone"
    ]


def test_silence_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_KEEP_ALIVE", 0.001)

    async def watch() -> None:
        watching = LivePart(Shown()).watch()
        while await following(watching) != event("first"):
            pass
        assert await following(watching) == event("", "alive")
        await watching.aclose()

    asyncio.run(watch())


def test_parts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_PARTS", 1)

    async def watch() -> None:
        parts = LiveParts()
        watching = parts.watch("one", Shown())
        await following(watching)
        with pytest.raises(TooManyParts):
            await anext(parts.watch("two", Shown()))
        await watching.aclose()

    asyncio.run(watch())
