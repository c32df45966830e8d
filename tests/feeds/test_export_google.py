from __future__ import annotations

from backroom.feeds.export_google import google_records
from feeds.small_catalogs import item, variant


def test_kept_prices_come_back() -> None:
    kept = {"price": "9.00 EUR", "sale_price": "5.00 EUR"}
    (row,) = google_records(item(variant("cap", custom_metadata=kept)))
    assert dict(row) | kept == dict(row)
    (plain,) = google_records(item(variant("cap", custom_metadata=kept)), as_is=False)
    assert dict(plain)["price"] == 5
