from __future__ import annotations

from backroom.catalog.kinds import KINDS
from backroom.feeds.exporting import CARRIERS_OF
from backroom.feeds.holdings import HOLDINGS, words_on


def test_each_attribute_has_its_place() -> None:
    wanted = {(kind.name, each.name) for kind in KINDS.values() for each in kind.attributes}
    wanted |= {("item", "categories"), ("variant", "item")}
    for name, holdings in HOLDINGS.items():
        assert {(each.kind.name, each.attribute) for each in holdings} == wanted, name


def test_each_format_is_described() -> None:
    assert HOLDINGS.keys() | {"all"} == CARRIERS_OF.keys()
    assert words_on("google", "item", "published") == "always true"
