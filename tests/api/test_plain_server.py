"""uvicorn is used by its public interface. tests/front shows what its answers are."""

from __future__ import annotations

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
