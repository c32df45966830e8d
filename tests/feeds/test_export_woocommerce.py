from __future__ import annotations

from backroom.feeds.export_woocommerce import woocommerce_records
from feeds.small_catalogs import item, variant


def test_variations_name_their_parent() -> None:
    parent, *variations = [
        dict(row) for row in woocommerce_records(item(variant("a"), variant("b")))
    ]
    assert (parent["SKU"], parent["Type"]) == ("cap", "variable")
    assert [(row["Parent"], row["SKU"]) for row in variations] == [("cap", "a"), ("cap", "b")]
