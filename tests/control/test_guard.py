from __future__ import annotations

import pytest

from backroom.control.guard import Guard
from backroom.control.route import ControlError

TOKEN = "a-token"
RIGHT = {"host": "127.0.0.1:7227", "authorization": f"Bearer {TOKEN}"}


def status(guard: Guard, **headers: str) -> int:
    try:
        guard.check(RIGHT | headers)
    except ControlError as error:
        return error.status
    return 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2:80", "[::1]:7227", "a.localhost"])
def test_loopback_names_are_allowed(host: str) -> None:
    assert status(Guard(TOKEN, "", "127.0.0.1"), host=host) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.4", ""])
def test_other_names_are_refused(host: str) -> None:
    assert status(Guard(TOKEN, "", "127.0.0.1"), host=host) == 403


def test_public_name_is_allowed() -> None:
    guard = Guard(TOKEN, "https://shop.example/api", "127.0.0.1")
    assert status(guard, host="shop.example", origin="https://shop.example") == 200


def test_any_address_of_the_machine_is_allowed() -> None:
    guard = Guard(TOKEN, "", "0.0.0.0")
    assert (status(guard, host="192.168.1.4:7227"), status(guard, host="evil.example")) == (
        200,
        403,
    )


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:7227"])
def test_other_origins_are_refused(origin: str) -> None:
    assert status(Guard(TOKEN, "", "127.0.0.1"), origin=origin) == 403


def test_own_origin_is_allowed() -> None:
    assert status(Guard(TOKEN, "", "127.0.0.1"), origin="http://127.0.0.1:7227") == 200


@pytest.mark.parametrize("sent", ["", "Bearer", f"Basic {TOKEN}", "Bearer a-toke", "Bearer \xe9"])
def test_wrong_token_is_401(sent: str) -> None:
    assert status(Guard(TOKEN, "", "127.0.0.1"), authorization=sent) == 401
