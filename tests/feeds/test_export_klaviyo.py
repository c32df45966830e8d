from __future__ import annotations

from backroom.feeds.export_klaviyo import klaviyo_records
from feeds.small_catalogs import item, variant


def test_one_variant_gives_the_stock() -> None:
    (row,) = klaviyo_records(item(variant("cap", inventory_quantity=3)))
    assert dict(row)["inventory_quantity"] == 3
    (without,) = klaviyo_records(item(variant("a"), variant("b")))
    assert "inventory_quantity" not in dict(without)
