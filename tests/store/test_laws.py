from __future__ import annotations

from backroom.store.laws import LAWS


def test_names_are_unique() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS)


def test_every_law_says_what_to_do() -> None:
    for law in LAWS:
        assert law.words[0].islower()
        assert law.advice.endswith(".")
