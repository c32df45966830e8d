from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from backroom.api.mounted import Mounted, NoAnswer
from backroom.api.request import Request, Stream
from backroom.server import Server
from conftest import running
from support.process import until

if TYPE_CHECKING:
    from backroom.api.mounted import Asgi, Receive, Send

START = {"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"1")]}


def request() -> Request:
    return Request("GET", b"/_backroom/%C3%A9", b"a=1", {b"host": b"here"}, "http", "")


def sending(*bodies: tuple[bytes, bool]) -> Asgi:
    """An application that answers with these parts of a body, and whether more follow."""

    async def app(_: Any, __: Receive, send: Send) -> None:
        await send(START)
        for body, more in bodies:
            await send({"type": "http.response.body", "body": body, "more_body": more})

    return app


def test_whole_body_is_an_answer() -> None:
    answer = asyncio.run(Mounted(lambda: sending((b"a", False))).answer(request(), None))
    assert (answer.status, answer.parts, answer.headers) == (200, [b"a"], [])
    assert not isinstance(answer, Stream)


def test_body_in_parts_is_a_stream() -> None:
    async def read() -> list[bytes]:
        mounted = Mounted(lambda: sending((b"a", True), (b"b", True), (b"", False)))
        answer = await mounted.answer(request(), None)
        assert isinstance(answer, Stream)
        return [*answer.parts, *[part async for part in answer.rest]]

    assert asyncio.run(read()) == [b"a", b"b", b""]


def test_left_stream_ends_the_application() -> None:
    ended = threading.Event()

    async def app(_: Any, __: Receive, send: Send) -> None:
        try:
            await send(START)
            while True:
                await send({"type": "http.response.body", "body": b"a", "more_body": True})
        finally:
            ended.set()

    async def leave() -> None:
        answer = await Mounted(lambda: app).answer(request(), None)
        assert isinstance(answer, Stream)
        answer.leave()
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert ended.is_set()


def test_application_sees_decoded_path() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        seen.update(scope, first=await receive())
        await sending((b"", False))(scope, receive, send)

    asyncio.run(Mounted(lambda: app).answer(request(), None))
    assert (seen["path"], seen["query_string"]) == ("/_backroom/é", b"a=1")
    assert seen["first"] == {"type": "http.request", "body": b"", "more_body": False}


def test_application_without_answer_is_a_failure() -> None:
    async def app(_: Any, __: Receive, ___: Send) -> None:
        pass

    with pytest.raises(NoAnswer):
        asyncio.run(Mounted(lambda: app).answer(request(), None))


def test_application_is_made_once() -> None:
    made = []

    def make() -> Asgi:
        made.append(1)
        return sending((b"", False))

    async def twice() -> None:
        mounted = Mounted(make)
        await asyncio.gather(mounted.answer(request(), None), mounted.answer(request(), None))

    asyncio.run(twice())
    assert made == [1]


@pytest.mark.slow
@pytest.mark.parametrize("http", ["auto", "plain"])
def test_stream_reaches_the_client_bit_by_bit(http: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    async def app(_: Any, __: Receive, send: Send) -> None:
        await send(START | {"headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    monkeypatch.setattr(Server, "_control_application", lambda _: app)
    with running(None, http=http) as server:
        url = f"{server.url}/_backroom/follow"
        answer = urllib3.request("GET", url, preload_content=False, timeout=10, retries=False)
        assert (answer.status, answer.read(10)) == (200, b"tick\ntick\n")
        answer.close()
        answer.release_conn()
        if http == "auto":
            until(ended.is_set, "the application to end")
