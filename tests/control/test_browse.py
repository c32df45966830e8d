from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.control import browse
from backroom.control.browse import (
    CatalogPage,
    CatalogQuestion,
    border,
    found_page,
    narrowed_by,
    narrowing,
)
from backroom.control.editing import make_resource
from support.factories import REQUIRED

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control

ACCOUNT = "shop"


def create(control: Control, kind: Kind, external_id: str, **given: Any) -> None:
    related: dict[str, list[str]] = {
        name: given.pop(name) for name in ["item", "categories"] if name in given
    }
    attributes = {**REQUIRED[kind.name], "external_id": external_id, **given}
    make_resource(control, ACCOUNT, kind, attributes, related)


def found(control: Control, kind: Kind = ITEM, size: int = 3, **asked: Any) -> CatalogPage:
    with control.database.read() as tx:
        return found_page(tx, ACCOUNT, CatalogQuestion(kind, size, **asked))


def ids(page: CatalogPage) -> list[str]:
    return [each.external_id for each in [*page.exact, *page.shown]]


@pytest.fixture
def seven(control: Control) -> Control:
    for number in range(7):
        create(control, ITEM, f"i{number}")
    return control


def test_pages_go_down_and_up_again(seven: Control) -> None:
    first = found(seven)
    second = found(seven, before=first.older)
    third = found(seven, before=second.older)
    assert [ids(each) for each in (first, second, third)] == [
        ["i6", "i5", "i4"],
        ["i3", "i2", "i1"],
        ["i0"],
    ]
    assert (first.newer, third.older) == (None, None)
    assert ids(found(seven, after=third.newer)) == ids(second)
    assert found(seven, after=second.newer) == first._replace(newer=None)


def test_oldest_may_come_first(seven: Control) -> None:
    first = found(seven, ascending=True)
    second = found(seven, ascending=True, before=first.older)
    assert (ids(first), ids(second)) == (["i0", "i1", "i2"], ["i3", "i4", "i5"])
    assert ids(found(seven, ascending=True, after=second.newer)) == ids(first)


def test_large_records_are_read_too(control: Control) -> None:
    create(control, ITEM, "a", description="x" * 100_000)
    (shown,) = found(control).shown
    assert len(shown.attributes["description"]) == 100_000


def test_search_obeys_the_other_filters(control: Control) -> None:
    create(control, ITEM, "one", title="one", published=False)
    create(control, ITEM, "two", title="one two")
    assert ids(found(control, search="one")) == ["one", "two"]
    assert ids(found(control, search="ONE")) == ["two", "one"]
    assert ids(found(control, search="one", published=True)) == ["two"]


def test_variants_are_found_by_sku(control: Control) -> None:
    create(control, ITEM, "a")
    create(control, VARIANT, "v", item=["a"], sku="S/1")
    page = found(control, VARIANT, search="S/1")
    assert (ids(page), page.exact[0].linked) == (["v"], ("a",))


def test_search_with_zero_finds_as_without(control: Control) -> None:
    create(control, ITEM, "a", title="Mug")
    assert ids(found(control, search="M\0ug")) == ["a"]


def test_unknown_owner_has_nothing(control: Control) -> None:
    assert found(control, related={"category": "no\0ne"}) == browse.EMPTY


def test_kinds_narrow_each_other() -> None:
    assert (narrowing(ITEM), narrowing(VARIANT)) == ([CATEGORY], [ITEM])
    assert (narrowed_by(ITEM), narrowed_by(VARIANT)) == ([VARIANT, CATEGORY], [])


def test_border_is_a_number_of_a_record() -> None:
    assert [border(each) for each in ("12", "", None, "-1", "x", "٣")] == [12] + [None] * 5
    assert [border(str(2**63 - 1)), border(str(2**63))] == [2**63 - 1, None]
