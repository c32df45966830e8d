from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import ControlError
from backroom.control.table import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable


def test_each_route_stands_once() -> None:
    assert [each for each in Counter((r.method, r.path) for r in ROUTES).values() if each > 1] == []


def test_unknown_path_is_404(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="no GET /nothing") as raised:
        call("GET", "/nothing")
    assert raised.value.status == 404
