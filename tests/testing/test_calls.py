"""How the control API is reached by what a test holds."""

from __future__ import annotations

from backroom.testing.calls import given_members


def test_members_without_a_value_are_left_out() -> None:
    assert given_members(account="a", status=None, count=0) == {"account": "a", "count": 0}
