from __future__ import annotations

from backroom.api import headers

NAMES = [
    value for name, value in vars(headers).items() if name.isupper() and isinstance(value, bytes)
]


def test_names_are_found_in_lower_case() -> None:
    assert len({name.lower() for name in NAMES}) == len(NAMES) >= 13


def test_names_hold_only_letters() -> None:
    assert all(name.replace(b"-", b"").isalpha() for name in NAMES)


def test_lines_are_those_of_http() -> None:
    pairs = [(headers.CID, b"shop"), (headers.VARY, b"Accept")]
    assert headers.usual(pairs) == (pairs, b"CID: shop\r\nVary: Accept\r\n")
