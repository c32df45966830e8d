from __future__ import annotations

import pytest
from hypothesis import given

from backroom.catalog import ids
from support.strategies import texts, thorough


@given(texts.filter(lambda text: text and "\0" not in text))
@thorough(100)
def test_ids_come_apart_again(external_id: str) -> None:
    assert ids.external_id(ids.resource_id(external_id)) == external_id


def test_id_names_integration_and_catalog() -> None:
    assert ids.resource_id("SKU:::1/ä") == "$custom:::$default:::SKU:::1/ä"


@pytest.mark.parametrize(
    "resource_id",
    ["", "SKU-1", "$custom:::$default:::", "$shopify:::$default:::1", "$CUSTOM:::$default:::1"],
)
def test_foreign_ids_name_nothing(resource_id: str) -> None:
    assert ids.external_id(resource_id) is None
