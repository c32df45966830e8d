from __future__ import annotations

from backroom.feeds.export_shopify import shopify_records
from feeds.small_catalogs import item, variant


def test_variants_have_rows_of_their_own() -> None:
    sizes = [
        variant(size, title=f"Cap - {size}", custom_metadata={"Size": size}) for size in ("S", "M")
    ]
    rows = [dict(row) for row in shopify_records(item(*sizes, categories=["A > B"]))]
    assert [row["Option1 Value"] for row in rows] == ["S", "M"]
    assert (rows[0]["Option1 Name"], rows[0]["Type"]) == ("Size", "A > B")
    assert "Title" not in rows[1]


def test_options_may_be_called_as_columns() -> None:
    card = variant("50", title="Card - 50", custom_metadata={"Tags": "x", "Title": "50"})
    (row,) = [dict(row) for row in shopify_records(item(card, title="Card"))]
    assert (row["Option1 Name"], row["Option1 Value"]) == ("Title", "50")
