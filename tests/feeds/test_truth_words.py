from __future__ import annotations

import pytest

from backroom.feeds.truth_words import TRUTH_WORDS


@pytest.mark.parametrize(
    ("word", "value"),
    [("TRUE", True), ("no", False), ("VERDADERO", True), ("YANLIŞ", False), ("ЛОЖЬ", False)],
)
def test_words_of_excel_are_known(word: str, value: object) -> None:
    assert TRUTH_WORDS[word.casefold()] is value
