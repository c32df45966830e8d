from __future__ import annotations

from typing import Any

import pytest

from backroom.catalog.ids import resource_id
from backroom.feeds.api_answers import is_resource, resource_row
from backroom.feeds.rows import Row, RowFault


def row(resource: dict[str, Any]) -> Row:
    assert is_resource(resource)
    found = resource_row(3, resource)
    assert isinstance(found, Row), found
    return found


def test_item_of_an_answer_is_a_row() -> None:
    found = row(
        {
            "type": "catalog-item",
            "id": resource_id("C1"),
            "attributes": {
                "external_id": "C1",
                "title": "Cap",
                "price": None,
                "created": "x",
                "updated": "y",
            },
            "relationships": {
                "categories": {"data": [{"type": "catalog-category", "id": resource_id("a")}]}
            },
        }
    )
    assert (found.external_id, found.attributes, found.related) == (
        "C1",
        {"title": "Cap", "price": None},
        ("a",),
    )
    assert found.left_out == ()


def test_relationship_without_data_is_none() -> None:
    resource = {
        "type": "catalog-variant",
        "id": resource_id("V"),
        "attributes": {"sku": "x"},
        "relationships": {"item": {"links": {}}},
    }
    assert row(resource).related is None
    resource["relationships"] = {
        "item": {"data": {"type": "catalog-item", "id": resource_id("C1")}}
    }
    assert row(resource).related == ("C1",)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {},
        {"type": "item", "external_id": "a"},
        {"type": ["x"]},
        {"type": "catalog-item", "external_id": "C1", "id": "x"},
    ],
)
def test_other_values_are_no_resources(value: Any) -> None:
    assert not is_resource(value)


def test_foreign_ids_are_faults() -> None:
    found = resource_row(
        3, {"type": "catalog-item", "id": "$shopify:::$default:::1", "attributes": {}}
    )
    assert isinstance(found, RowFault)
    assert found.detail == "external_id is missing"


def test_relationships_to_nothing_are_faults() -> None:
    resource = {
        "type": "catalog-item",
        "id": resource_id("C1"),
        "relationships": {"categories": {"data": [3]}},
    }
    assert isinstance(resource_row(3, resource), RowFault)
