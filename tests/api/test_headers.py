from __future__ import annotations

from backroom.api import headers
from backroom.api.headers import Name

NAMES = [value for value in vars(headers).values() if isinstance(value, Name)]


def test_names_stay_as_written() -> None:
    assert Name(b"X-Some-Name").lower() == b"X-Some-Name"


def test_names_are_found_in_lower_case() -> None:
    assert len({bytes(name).lower() for name in NAMES}) == len(NAMES) >= 13


def test_names_hold_only_letters() -> None:
    assert all(bytes(name).replace(b"-", b"").isalpha() for name in NAMES)
