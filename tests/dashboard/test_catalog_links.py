from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.dashboard.catalog_links import list_path, resource_path
from support.stocked import put

if TYPE_CHECKING:
    from support.client import Client
    from support.visitor import Visitor

ODD = [
    "a/b",
    ".",
    "..",
    "a/../b",
    "/x/",
    "50% off?#&+",
    "\u00e9\u4e16\U0001f45f",
    "a\nb\n",
    '"<x>"',
    "edit",
    " ",
]


@pytest.mark.parametrize("external_id", ODD)
def test_any_external_id_has_a_page(visitor: Visitor, client: Client, external_id: str) -> None:
    put(client, "item", external_id, title="Found it")
    path = resource_path(client.account, "item", external_id)
    assert "Found it" in visitor.words(path)
    assert "Found it" in visitor.words(f"{path}{'&' if '?' in path else '?'}edit=1")


def test_paths_have_only_what_is_said() -> None:
    assert list_path("a", "item", search="", before=None, published="yes") == (
        "/_backroom/dashboard/catalog?account=a&kind=item&published=yes"
    )
