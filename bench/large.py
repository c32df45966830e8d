"""Catalogs of any size, built by the store itself, kept between runs, and served."""

from __future__ import annotations

import hashlib
import shutil
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from backroom import clock, store
from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Kind
from backroom.store import keys, links, open_database, records, search
from backroom.store.records import Values
from bench import servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

ACCOUNT = "large"
_SLICE = 10_000
LARGE = 100_000
"""Items in the large category, where there are as many."""
MANY = 200
"""Variants of one item, categories of one item, items of a small category."""
_RARE = 50
"""Resources with the rare word, the rare SKU."""

_COLOURS = ("green", "ochre")
_NOUNS = ("shirt", "jacket", "trousers", "dress", "scarf", "belt", "boots", "umbrella", "hat")
_STYLES = ("classic", "summer", "evening")


def external_id(kind: Kind, place: int) -> str:
    """Give the external id of the record at a place."""
    return f"{kind.name}-{place:08}"


def resource_id(kind: Kind, place: int) -> str:
    """Give the whole id of the record at a place."""
    return ids.resource_id(external_id(kind, place))


def title(place: int, size: int) -> str:
    """Give a title of common words, with a rare one on a few that lie evenly over the catalog."""
    words = [
        _COLOURS[place // 3 % 2],
        _STYLES[place % 3],
        _NOUNS[place // 6 % 9],
        f"no. {place % 1000}",
    ]
    return " ".join([*words, "Zyxomma"] if place % (size // _RARE) == 0 else words)


def values(kind: Kind, place: int, size: int, parent: int | None) -> Values:
    """Make the record at a place, as long as one from a real feed."""
    text = title(place, size)
    attributes: dict[str, Any] = {
        "external_id": external_id(kind, place),
        **{each.name: each.default for each in kind.attributes[1:]},
        kind.searched: text,
        **dict.fromkeys(kind.dated, "2026-09-04T13:38:45.437000+00:00"),
    }
    if kind is not CATEGORY:
        attributes["description"] = f"{text}, made to last. " * 8
        attributes["url"] = f"https://shop.example/{kind.plural}/{external_id(kind, place)}"
        attributes["published"] = place % 4 != 0
    if kind is VARIANT:
        attributes["sku"] = "SHARED" if place % 8 == 0 else f"SKU-{place}"
    return Values(
        clock.new_number(),
        attributes["external_id"],
        msgspec.json.encode(attributes).decode(),
        {
            each: int(attributes[each]) if each == "published" else attributes[each]
            for each in kind.columns
        }
        | dict.fromkeys(kind.nullable, 1),
        search.folded(text),
        parent,
    )


def build(database: Database, account: str, size: int, *, whole: bool) -> None:
    """Fill a catalog: `size` items and variants, half as many categories, each item in two.

    Every list is spread over the whole catalog, so that any place in it is a place in the list.
    Where it isn't to be `whole` there are fewer categories and no variants.
    """
    numbers: dict[str, list[int]] = {}
    categories, variants = (size // 2, size) if whole else (max(MANY, size // 100), 0)
    for kind, count in ((CATEGORY, categories), (ITEM, size), (VARIANT, variants)):
        numbers[kind.name] = []
        for start in range(0, count, _SLICE):
            places = range(start, min(start + _SLICE, count))
            parents = _parents(numbers["item"], places) if kind is VARIANT else {}
            made = [values(kind, each, size, parents.get(each)) for each in places]
            written(database, partial(_insert, kind, account, made))
            numbers[kind.name] += [each.number for each in made]
    link(database, account, numbers["item"], numbers["category"])


def _insert(kind: Kind, account: str, made: list[Values], tx: Transaction) -> None:
    records.insert(tx, kind, account, made)


def _parents(items: list[int], places: range) -> dict[int, int]:
    """Give the items of variants: the first has many of them, every other one has its own."""
    step = len(items) // MANY
    return {each: items[0 if each % step == 0 else each] for each in places}


def link(database: Database, account: str, items: list[int], categories: list[int]) -> None:
    """Put items into the large category, the first item into many, all into small ones."""
    _link(database, account, categories[0], items[:: max(1, len(items) // LARGE)])
    for each in categories[:: len(categories) // MANY]:
        _link(database, account, each, items[:1])
    small = len(items) // MANY
    for place in range(small):
        _link(database, account, categories[1 + place], items[place::small])


def _link(database: Database, account: str, category: int, items: list[int]) -> None:
    written(database, lambda tx: links.add(tx, account, "items", {category: items}))


def written(database: Database, work: Callable[[Transaction], Any]) -> Any:
    """Do some writing and wait for it."""
    return database.write(work).result()


def _recipe(*, whole: bool) -> str:
    """Tell apart catalogs that are built in another way, or in another schema."""
    migrations = sorted((Path(store.__file__).parent / "migrations").glob("*.sql"))
    parts = [each.read_bytes() for each in (*migrations, Path(__file__))]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:8] + ("-whole" if whole else "")


def kept(size: int, *, whole: bool = False) -> tuple[Path, float]:
    """Give a catalog's file and the seconds that its building takes now, 0 where it was kept.

    A `whole` one has variants and as many categories as in any shop, the others items mostly.
    """
    home = servers.CACHE / f"catalog-{size}-{_recipe(whole=whole)}"
    if home.exists():
        return home / "backroom.db", 0.0
    aside = servers.CACHE / f".{home.name}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    began = time.monotonic()
    database = open_database(str(aside / "backroom.db"))
    try:
        account = written(database, lambda tx: keys.create(tx, ACCOUNT, "bench", [])).account
        build(database, account, size, whole=whole)
    finally:
        database.close()
    aside.rename(home)
    took = time.monotonic() - began
    click.echo(f"    built a catalog of {size:,} items in {took:.0f} s", err=True)
    return home / "backroom.db", took
