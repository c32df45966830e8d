from __future__ import annotations

from backroom.shortening import shortened


def test_short_texts_stay() -> None:
    assert shortened("x" * 400) == "x" * 400


def test_long_texts_lose_their_middle() -> None:
    cut = shortened(f"start {'x' * 500} end")
    assert (len(cut), cut[:7], cut[-5:]) == (400, "start x", "x end")
