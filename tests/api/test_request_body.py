from __future__ import annotations

import asyncio
from typing import Any

from backroom.api.request_body import MOST_HELD, RequestBody


def message(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def unwanted() -> None:
    raise AssertionError("there is a body already")


def much() -> None:
    raise AssertionError("there is hardly anything")


def test_parts_are_received_together() -> None:
    body = RequestBody(unwanted, much)
    body.feed(b"hel")
    body.feed(b"lo")
    assert body.size == 5
    assert asyncio.run(body.receive()) == message(b"hello", more=True)
    assert body.size == 0
    body.end()
    assert asyncio.run(body.receive()) == message(b"", more=False)


def test_more_is_wanted_when_nothing_is_there() -> None:
    async def received() -> Any:
        body = RequestBody(lambda: body.feed(b"hello"), much)
        return await body.receive()

    assert asyncio.run(received()) == message(b"hello", more=True)


def test_who_waits_hears_that_the_client_left() -> None:
    async def received() -> Any:
        body = RequestBody(lambda: None, much)
        waiting = asyncio.create_task(body.receive())
        await asyncio.sleep(0)
        body.leave()
        body.end()
        return await waiting

    assert asyncio.run(received()) == {"type": "http.disconnect"}


def test_body_says_when_much_waits() -> None:
    said: list[int] = []
    body = RequestBody(unwanted, lambda: said.append(body.size))
    body.feed(bytes(MOST_HELD))
    assert said == []
    body.feed(b"x")
    assert said == [MOST_HELD + 1]
    asyncio.run(body.receive())
    body.feed(b"x")
    assert said == [MOST_HELD + 1]
