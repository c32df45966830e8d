"""uvicorn is used by its public interface. tests/front shows what its answers are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backroom.api import plain_server
from backroom.api.deadlines import TimeLimits
from backroom.api.request_head import MOST_HEAD


@pytest.mark.parametrize(("idle", "kept", "hint"), [(75.0, 75, "timeout=75"), (0.2, 1, None)])
def test_uvicorn_has_our_limits(idle: float, kept: int, hint: str | None) -> None:
    app: Any = object()
    config = plain_server.configured(app, TimeLimits(idle=idle), 10)
    assert (config.timeout_keep_alive, config.h11_max_incomplete_event_size) == (kept, MOST_HEAD)
    assert dict(config.headers).get("Keep-Alive") == hint


def test_client_may_stay_after_its_body() -> None:
    messages: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        left = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, left.set)
        await left.wait()
        return {"type": "http.disconnect"}

    async def received() -> list[str]:
        timed = plain_server._Timed(receive, 0.01)  # noqa: SLF001 - uvicorn alone calls it
        return [(await timed())["type"] for _ in range(2)]

    assert asyncio.run(received()) == ["http.request", "http.disconnect"]
