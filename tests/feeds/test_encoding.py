from __future__ import annotations

from dataclasses import replace as kind_with
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Attribute, JobKind, Verb
from backroom.feeds.encoding import LARGEST_BODY, EncodedRow, encode_row, job_body
from backroom.feeds.rows import Row, RowFault

CAP = Row(4, ITEM, "C1", {"title": "Cap", "description": "", "url": "u"}, ("hats",))
CAP_M = Row(
    5,
    VARIANT,
    "C1-M",
    {
        "title": "Cap M",
        "description": "",
        "sku": "1",
        "inventory_quantity": 0,
        "price": 9.5,
        "url": "u",
    },
    ("C1",),
)
HATS = Row(1, CATEGORY, "hats", {"name": "Hats"})
ID = "$custom:::$default:::"


def document(row: Row, verb: Verb) -> Any:
    operation = encode_row(row, verb)
    assert isinstance(operation, EncodedRow), operation
    return msgspec.json.decode(operation.encoded)


def fault(row: Row, verb: Verb = Verb.CREATE) -> str:
    found = encode_row(row, verb)
    assert isinstance(found, RowFault)
    assert (found.line, found.external_id) == (row.line, row.external_id)
    return found.detail


def test_create_lacks_what_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    season = Attribute("season", "text", "required", until="2026-10-15")
    kind = kind_with(CATEGORY, attributes=(*CATEGORY.attributes, season))
    monkeypatch.setattr("backroom.feeds.rows.ORDER", (kind,))
    assert "season" not in document(replace(HATS, kind=kind), Verb.CREATE)["attributes"]


def test_create_has_external_id() -> None:
    assert document(HATS, Verb.CREATE) == {
        "type": "catalog-category",
        "attributes": {"external_id": "hats", "name": "Hats"},
    }


def test_update_has_id() -> None:
    assert document(HATS, Verb.UPDATE) == {
        "type": "catalog-category",
        "id": ID + "hats",
        "attributes": {"name": "Hats"},
    }


@pytest.mark.parametrize("row", [CAP, CAP_M, HATS])
def test_delete_has_nothing_else(row: Row) -> None:
    expected = {"type": row.kind.type, "id": ID + row.external_id}
    assert document(row, Verb.DELETE) == expected


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
def test_items_are_put_into_categories(verb: Verb) -> None:
    data = [{"type": "catalog-category", "id": ID + "hats"}]
    assert document(CAP, verb)["relationships"] == {"categories": {"data": data}}


def test_variants_are_created_with_item() -> None:
    data = {"type": "catalog-item", "id": ID + "C1"}
    assert document(CAP_M, Verb.CREATE)["relationships"] == {"item": {"data": data}}


def test_variants_keep_their_item() -> None:
    assert "relationships" not in document(CAP_M, Verb.UPDATE)


def test_create_needs_required_columns() -> None:
    assert fault(Row(1, ITEM, "C1", {"title": None, "url": "u"})) == (
        "title and description are missing"
    )


def test_variant_needs_its_item() -> None:
    assert fault(Row(1, VARIANT, "C1-M", CAP_M.attributes)) == "item is missing"


def test_update_needs_nothing() -> None:
    assert document(Row(1, ITEM, "C1", {}), Verb.UPDATE)["attributes"] == {}


def test_enormous_row_is_a_fault() -> None:
    large = Row(1, CATEGORY, "hats", {"name": "x" * LARGEST_BODY})
    assert fault(large).startswith("is larger than a request may be (4,9")


def test_nulls_are_nothing_to_a_create() -> None:
    row = replace(CAP, attributes={**CAP.attributes, "price": None})
    assert "price" not in document(row, Verb.CREATE)["attributes"]
    assert document(row, Verb.UPDATE)["attributes"]["price"] is None


def test_null_entries_are_not_created() -> None:
    metadata = {"custom_metadata": {"red": None, "blue": 1}}
    row = replace(CAP, attributes=CAP.attributes | metadata, merges=True)
    assert document(row, Verb.CREATE)["attributes"]["custom_metadata"] == {"blue": 1}


def test_body_holds_the_operations() -> None:
    operation = encode_row(HATS, Verb.DELETE)
    assert isinstance(operation, EncodedRow)
    encoded = job_body(JobKind(CATEGORY, Verb.DELETE), [operation, operation])
    data = [document(HATS, Verb.DELETE)] * 2
    assert msgspec.json.decode(encoded) == {
        "data": {
            "type": "catalog-category-bulk-delete-job",
            "attributes": {"categories": {"data": data}},
        }
    }
