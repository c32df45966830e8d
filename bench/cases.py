"""Requests for pages of every kind: lists, filters, relationships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.revisions import NEWEST
from bench.large import resource_id

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Case:
    """A request that reads; `inside` says to measure it in the middle and at the end too.

    `second` asks for the page after the one that path and query name.
    """

    name: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    inside: bool = True
    revision: str = NEWEST
    second: bool = False


def listed(kind: Kind) -> str:
    """Give the path of the list of a kind."""
    return f"/api/{kind.collection}"


def single(kind: Kind, place: int) -> str:
    """Give the path of the record at a place."""
    return f"{listed(kind)}/{quote(resource_id(kind, place), safe='$:')}"


def _of(kind: Kind, place: int, rest: str) -> str:
    return f"{single(kind, place)}/{rest}"


def _filtered(text: str) -> tuple[tuple[str, str], ...]:
    # A thousand items hold no more than this of some things in their second half.
    return (("filter", text), ("page[size]", "20"))


def _some_ids(kind: Kind, size: int) -> str:
    places = range(0, size, size // 100)
    return ",".join(f'"{resource_id(kind, each)}"' for each in places)


CONTAINS = {
    "one letter": "e",
    "two letters": "sh",
    "three letters": "shi",
    "a common word": "umbrella",
    "two common words": "ochre evening",
    "a rare word": "zyxomma",
    "nothing": "qqqq",
    "common parts, never together": "no. 12 green",
}


def cases(size: int) -> Iterator[Case]:
    """Give every request that is measured, for a catalog of `size` items."""
    large = f'equals(category.id,"{resource_id(CATEGORY, 0)}")'
    small = f'equals(category.id,"{resource_id(CATEGORY, 3)}")'
    first = f'equals(item.id,"{resource_id(ITEM, 0)}")'
    for kind in KINDS.values():
        many = listed(kind)
        own = size // 2 if kind is CATEGORY else size
        yield Case(f"{kind.plural}", many)
        yield Case(f"{kind.plural}, newest first", many, (("sort", "-created"),))
        among = f"any(ids,[{_some_ids(kind, own)}])"
        yield Case(f"{kind.plural}, 100 ids", many, (("filter", among),))
        for name, part in CONTAINS.items():
            asked = f'contains({kind.searched},"{part}")'
            yield Case(f"{kind.plural} with {name}", many, _filtered(asked))
        yield Case(f"one of the {kind.plural}", single(kind, own // 2), inside=False)
    yield Case("items with variants", listed(ITEM), (("include", "variants"),))
    yield Case("variants that name their item", listed(VARIANT), revision="2023-07-15")
    for kind in (ITEM, VARIANT):
        for truth in ("true", "false"):
            asked = f"equals(published,{truth})"
            yield Case(f"{kind.plural}, published {truth}", listed(kind), _filtered(asked))
    yield Case("items of the large category, filtered", listed(ITEM), _filtered(large))
    yield Case("items of a small category, filtered", listed(ITEM), _filtered(small))
    yield Case("variants of an item, filtered", listed(VARIANT), _filtered(first))
    yield Case("categories of an item, filtered", listed(CATEGORY), _filtered(first))
    yield Case("variants of a shared SKU", listed(VARIANT), _filtered('equals(sku,"SHARED")'))
    yield Case("variants of a SKU", listed(VARIANT), _filtered('equals(sku,"SKU-777")'))
    for end in ("", "relationships/"):
        bare = "ids of " if end else ""
        yield Case(f"{bare}the large category's items", _of(CATEGORY, 0, f"{end}items"))
        yield Case(f"{bare}a small category's items", _of(CATEGORY, 3, f"{end}items"))
        yield Case(f"{bare}an item's variants", _of(ITEM, 0, f"{end}variants"))
        yield Case(f"{bare}an item's categories", _of(ITEM, 0, f"{end}categories"))
    yield from combined(large)


def combined(large: str) -> Iterator[Case]:
    """Give pages of two conditions."""
    rare, common = 'contains(title,"zyxomma")', 'contains(title,"umbrella")'
    none, unpublished = 'contains(title,"qqqq")', "equals(published,false)"
    for name, asked in (
        ("rare word, unpublished", f"{rare},{unpublished}"),
        ("common word, unpublished", f"{common},{unpublished}"),
        ("one letter, rare word", f'contains(title,"e"),{rare}'),
        ("large category, unpublished", f"{large},{unpublished}"),
        ("large category, common word", f"{large},{common}"),
        ("large category, rare word", f"{large},{rare}"),
        ("large category, no such word", f"{large},{none}"),
    ):
        yield Case(f"items: {name}", listed(ITEM), _filtered(asked))
    unique = 'contains(title,"e"),equals(sku,"SKU-777")'
    yield Case("variants: one letter, a SKU", listed(VARIANT), _filtered(unique))
    related = _of(CATEGORY, 0, "items")
    yield Case("the large category's items, unpublished", related, _filtered(unpublished))
    yield Case("the large category's items, common word", related, _filtered(common))
    yield Case("the large category's items, rare word", related, _filtered(rare))
