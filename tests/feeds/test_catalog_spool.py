from __future__ import annotations

from backroom.feeds.catalog_spool import CatalogSpool
from feeds.small_catalogs import VARIANT, item, spool_of, variant


def test_items_meet_variants_and_categories() -> None:
    cap = item(variant("a"), variant("b"), categories=["hats"])
    spool = spool_of(cap, categories=[("hats", "Hats"), ("empty", "Empty")])
    assert list(spool.items()) == [cap]
    assert list(spool.categories()) == [("hats", "Hats"), ("empty", "Empty")]
    assert spool.counts() == {"category": 2, "item": 1, "variant": 2}


def test_variants_without_item_are_found() -> None:
    spool = CatalogSpool()
    spool.add_variants([("alone", VARIANT)])
    spool.finish()
    assert [each.external_id for each in spool.variants(without_item=True)] == ["alone"]
