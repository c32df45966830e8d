from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backroom.dashboard import streams
from backroom.dashboard.live import TooManyParts
from backroom.dashboard.streams import Streams, ended_stream
from dashboard.conftest import signed_in
from support.visitor import DASHBOARD_PATH, HOME, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import pytest

    from backroom.server import Server

LONG = 3600.0


async def endless() -> AsyncGenerator[bytes]:
    yield b"first"
    await asyncio.Event().wait()


async def crowded(rest: tuple[bytes, ...] = ()) -> AsyncGenerator[bytes]:
    for each in rest:
        yield each
    raise TooManyParts


async def following(stream: AsyncGenerator[bytes]) -> str:
    return (await asyncio.wait_for(anext(stream), 10)).decode()


def test_session_ends_with_a_word() -> None:
    async def follow() -> None:
        kept = Streams()
        stream = kept.follow("one", LONG, endless())
        assert await following(stream) == "first"
        kept.end("other")
        kept.end("one")
        assert "event: ended\ndata: Your session has ended" in await following(stream)
        assert [each async for each in stream] == []
        assert len(kept) == 0

    asyncio.run(follow())


def test_time_of_session_ends_stream() -> None:
    async def follow() -> None:
        stream = Streams().follow("one", 0.0, endless())
        said = [each.decode() async for each in stream]
        assert "Your session has ended" in said[-1]

    asyncio.run(follow())


def test_oldest_stream_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)

    async def follow() -> None:
        kept = Streams()
        one, two = (kept.follow("one", LONG, endless()) for _ in range(2))
        assert await following(one) == await following(two) == "first"
        assert "Too many pages" in await following(one)
        await two.aclose()
        await one.aclose()
        assert len(kept) == 0

    asyncio.run(follow())


def test_crowded_server_says_so() -> None:
    async def follow() -> None:
        assert "Too many pages" in await following(Streams().follow("one", LONG, crowded()))

    asyncio.run(follow())


def test_strangers_follow_nothing(shown: Server) -> None:
    path = f"{DASHBOARD_PATH}/live/overview"
    answer = Visitor(shown.url).ask("GET", path, accept="text/event-stream")
    assert answer.status == 200
    assert answer.data.startswith(b"event: ended\n")


def test_signing_out_ends_streams(visitor: Visitor) -> None:
    with visitor.following(f"{DASHBOARD_PATH}/live/overview") as followed:
        assert followed.read1().startswith(b"event: part")
        visitor.send(f"{DASHBOARD_PATH}/sign-out")
        assert b"event: ended" in followed.read()
    assert visitor.ask("GET", HOME).status == 401


def test_last_event_has_a_link() -> None:
    async def said() -> list[bytes]:
        return [each async for each in ended_stream()]

    assert asyncio.run(said())[0].endswith(b"data: Sign in again\n\n")


def test_closed_tab_is_noticed_at_once(shown: Server) -> None:
    visitor = signed_in(shown)
    address = urlsplit(shown.url)
    wanted = f"GET {DASHBOARD_PATH}/jobs/live?account=none HTTP/1.1"
    head = f"{wanted}\r\nHost: {address.netloc}\r\nCookie: {visitor.cookie}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), 10) as tab:
        tab.sendall(head.encode())
        received = b""
        while b"event: part" not in received:
            received += tab.recv(65536)
        tab.shutdown(socket.SHUT_WR)
        tab.settimeout(5)
        while tab.recv(65536):
            pass
