from __future__ import annotations

import pytest

from backroom.feeds.mirroring import RemovalLimit


@pytest.mark.parametrize(
    ("text", "allowed"), [("10%", 20), ("0.5%", 1), ("7", 7), ("0", 0), ("100%", 200)]
)
def test_limit_is_a_share_or_a_number(text: str, allowed: int) -> None:
    assert RemovalLimit(text).allowed(200) == allowed


@pytest.mark.parametrize("text", ["", "ten", "101%", "-1", "1.5", "%"])
def test_other_limits_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number nor a share"):
        RemovalLimit(text)
