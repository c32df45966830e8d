from __future__ import annotations

import pytest

from backroom.feeds.sku_census import SkuCensus


@pytest.mark.parametrize(
    ("skus", "expected"),
    [(["a", "b"], True), (["a", "b", "a"], False), (["a", ""], False), ([], True)],
)
def test_skus_identify_if_all_differ(skus: list[str], *, expected: bool) -> None:
    census = SkuCensus()
    for sku in skus:
        census.add(sku)
    assert census.identifies is expected
    assert census.identifies is expected
