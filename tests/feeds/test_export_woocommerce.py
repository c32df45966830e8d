from __future__ import annotations

from backroom.feeds.export_woocommerce import woocommerce_records
from feeds.small_catalogs import item, variant


def test_variations_name_their_parent() -> None:
    parent, *variations = [
        dict(row) for row in woocommerce_records(item(variant("a"), variant("b")))
    ]
    assert (parent["SKU"], parent["Type"]) == ("cap", "variable")
    assert [(row["Parent"], row["SKU"]) for row in variations] == [("cap", "a"), ("cap", "b")]


def test_formulas_are_guarded() -> None:
    (row,) = [dict(each) for each in woocommerce_records(item(variant("-a"), title="=A"))][:1]
    assert row["Name"] == "'=A"


def test_grouped_products_stay_grouped() -> None:
    metadata = {"Grouped products": "a, b", "SKU": "SET"}
    (row,) = [dict(each) for each in woocommerce_records(item(custom_metadata=metadata))]
    assert (row["Type"], row["SKU"], row["ID"]) == ("grouped", "SET", "cap")
    assert row["Grouped products"] == "a, b"


def test_variable_products_keep_their_sku() -> None:
    parent, *_ = woocommerce_records(
        item(variant("a"), variant("b"), custom_metadata={"SKU": "PARENT"})
    )
    assert dict(parent)["SKU"] == "PARENT"
