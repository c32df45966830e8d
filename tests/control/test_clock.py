from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from backroom.control.clock import ROUTES
from backroom.control.route import Control, ControlError, Given
from backroom.testing.clock import SettableClock

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTS = {(route.method, route.path): route.act for route in ROUTES}


@pytest.fixture
def control() -> Iterator[Control]:
    settable = SettableClock()
    yield Control(cast("Any", None), cast("Any", None), {"clock": settable})
    settable.let_go()


def call(control: Control, method: str, path: str, **body: Any) -> Any:
    return ACTS[method, path](control, Given(body=body))


def test_clock_begins_real(control: Control) -> None:
    assert call(control, "GET", "/clock")["clock"] == "real"


def test_frozen_clock_is_advanced(control: Control) -> None:
    call(control, "PUT", "/clock", clock="2030-01-01T00:00:00Z")
    assert call(control, "POST", "/clock/advance", days=7, hours=1) == {
        "now": "2030-01-08T01:00:00.000000+00:00",
        "clock": "frozen",
    }


def test_clock_is_set_while_it_runs(control: Control) -> None:
    call(control, "PUT", "/clock", clock="60x")
    shown = call(control, "POST", "/clock/set", to="2030-01-01")
    assert shown["now"].startswith("2030-01-01T00:0")
    assert shown["clock"] == "60x"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/clock", {}),
        ("PUT", "/clock", {"clock": "soon"}),
        ("PUT", "/clock", {"clock": "frozen", "speed": 3}),
        ("POST", "/clock/set", {"to": 5}),
        ("POST", "/clock/set", {"to": "2030-01-01T00:00:00"}),
        ("POST", "/clock/advance", {}),
        ("POST", "/clock/advance", {"days": "7"}),
        ("POST", "/clock/advance", {"days": True}),
        ("POST", "/clock/advance", {"days": -1}),
        ("POST", "/clock/advance", {"days": 1e300}),
        ("POST", "/clock/advance", {"days": float("nan")}),
    ],
)
def test_wrong_bodies_are_refused(control: Control, method: str, path: str, body: Any) -> None:
    with pytest.raises(ControlError) as caught:
        call(control, method, path, **body)
    assert caught.value.status == 400
    assert call(control, "GET", "/clock")["clock"] == "real"


def test_server_without_clock_says_so(control: Control) -> None:
    control.parts.clear()
    with pytest.raises(ControlError, match="no clock"):
        call(control, "GET", "/clock")
