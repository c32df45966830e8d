from __future__ import annotations

from backroom.feeds.export_google import google_records
from feeds.small_catalogs import item, variant


def test_kept_prices_come_back() -> None:
    kept = {"price": "9.00 EUR", "sale_price": "5.00 EUR"}
    (row,) = google_records(item(variant("cap", custom_metadata=kept)))
    assert dict(row) | kept == dict(row)
    (plain,) = google_records(item(variant("cap", custom_metadata=kept)), as_is=False)
    assert dict(plain)["price"] == 5


def test_availability_stays_as_it_was_written() -> None:
    kept = {"availability": "in stock"}
    for stocked in (
        item(variant("cap", inventory_policy=1, inventory_quantity=3, custom_metadata=kept)),
        item(custom_metadata=kept),
    ):
        (row,) = google_records(stocked)
        assert dict(row)["availability"] == "in stock"
    out = variant("cap", inventory_policy=1, inventory_quantity=0, custom_metadata=kept)
    assert dict(google_records(item(out))[0])["availability"] == "out_of_stock"


def test_variants_have_their_own_images() -> None:
    first = variant("a", image_full_url="https://a/1", images=["https://a/1", "https://a/2"])
    second = variant("b", image_full_url="https://a/3", images=["https://a/3", "https://a/4"])
    images = [f"https://a/{number}" for number in range(1, 5)]
    rows = google_records(item(first, second, image_full_url=images[0], images=images))
    others = [[v for name, v in row if name == "additional_image_link"] for row in rows]
    assert others == [["https://a/2"], ["https://a/4"]]
