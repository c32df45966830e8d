"""A catalog as it was read from a server, in a temporary file: exports write from it.

A format that is a table has to know its columns before its first row. An item has to meet its
variants and its categories, which the API lists apart. So all of it is written down once. The file
is SQLite's own temporary one, which vanishes with the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPOOL_SCHEMA = """
pragma journal_mode = off;
pragma synchronous = off;
pragma cache_size = -16000;
pragma temp_store = file;
create table categories (number integer primary key, external_id text unique, name text);
create table members (category integer, item text);
create table items (number integer primary key, external_id text unique, body blob);
create table variants (number integer primary key, external_id text unique, item text, body blob);
create table links (variant text primary key, item text) without rowid;
begin;
"""
_SPOOL_INDEXES = """
create index categories_by_item on members (item, category);
update variants set item = (select item from links where variant = external_id);
update variants set item = null
  where item is not null and not exists (select 1 from items where external_id = item);
create index variants_by_item on variants (item, number);
"""
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadVariant:
    """A variant. `item` is empty where no item has it."""

    external_id: str
    item: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item with the external ids of its categories, and with its variants."""

    external_id: str
    attributes: Attributes
    categories: tuple[str, ...] = ()
    variants: tuple[ReadVariant, ...] = ()


class CatalogSpool:
    """Categories, items and variants in the order in which they were made."""

    def __init__(self) -> None:
        self._connection = apsw.Connection("")
        self._connection.execute(_SPOOL_SCHEMA).fetchall()

    def add_categories(self, named: Iterable[tuple[str, str]]) -> None:
        """Add categories by their external ids, with their names."""
        statement = "insert or ignore into categories (external_id, name) values (?, ?)"
        self._connection.executemany(statement, named)

    def category_ids(self) -> Iterator[tuple[int, str]]:
        """Give the number and the external id of each category."""
        statement = "select number, external_id from categories where number > ? order by number"
        last = 0
        while some := self._connection.execute(f"{statement} limit 1000", (last,)).fetchall():
            yield from ((int(str(number)), str(external_id)) for number, external_id in some)
            last = int(str(some[-1][0]))

    def add_members(self, category: int, items: Iterable[str]) -> None:
        """Say that items are in the category of a number."""
        self._connection.executemany(
            "insert into members values (?, ?)", ((category, each) for each in items)
        )

    def add_items(self, items: Iterable[tuple[str, Attributes]]) -> None:
        """Add items."""
        self._connection.executemany(
            "insert or replace into items (external_id, body) values (?, ?)",
            ((external_id, _ENCODE(attributes)) for external_id, attributes in items),
        )

    def add_links(self, item: str, variants: Iterable[str]) -> None:
        """Say that variants are those of an item."""
        self._connection.executemany(
            "insert or replace into links values (?, ?)", ((each, item) for each in variants)
        )

    def add_variants(self, variants: Iterable[tuple[str, Attributes]]) -> None:
        """Add variants."""
        self._connection.executemany(
            "insert or replace into variants (external_id, body) values (?, ?)",
            ((external_id, _ENCODE(attributes)) for external_id, attributes in variants),
        )

    def finish(self) -> None:
        """Bring together what belongs together, when all is there."""
        self._connection.execute(_SPOOL_INDEXES).fetchall()

    def counts(self) -> dict[str, int]:
        """Give how many there are, by the names of the kinds."""
        tables = {"category": "categories", "item": "items", "variant": "variants"}
        return {
            kind: int(next(self._connection.execute(f"select count(*) from {table}"))[0])  # noqa: S608 - our own names
            for kind, table in tables.items()
        }

    def categories(self) -> Iterator[tuple[str, str]]:
        """Give the external id and the name of each category."""
        yield from self._connection.execute(
            "select external_id, name from categories order by number"
        )

    def name_of(self, category: str) -> str | None:
        """Give the name of a category, None if there is none."""
        found = self._connection.execute(
            "select name from categories where external_id = ?", (category,)
        ).fetchone()
        return None if found is None else str(found[0])

    def items(self, *, with_variants: bool = True) -> Iterator[ReadItem]:
        """Give all items with their categories, and with their variants if they are asked for."""
        for external_id, body in self._connection.execute(
            "select external_id, body from items order by number"
        ):
            categories = self._connection.execute(
                "select distinct external_id from members join categories on category = number"
                " where item = ? order by number",
                (external_id,),
            )
            variants = self._variants_of(external_id) if with_variants else ()
            names = tuple(name for (name,) in categories)
            yield ReadItem(external_id, _DECODE(body), names, tuple(variants))

    def variants(self, *, without_item: bool = False) -> Iterator[ReadVariant]:
        """Give all variants, or those that no item has."""
        where = "where item is null" if without_item else ""
        for external_id, item, body in self._connection.execute(
            f"select external_id, item, body from variants {where} order by number"  # noqa: S608 - two texts of ours
        ):
            yield ReadVariant(external_id, item or "", _DECODE(body))

    def close(self) -> None:
        """Drop everything."""
        self._connection.close()

    def _variants_of(self, item: str) -> Iterator[ReadVariant]:
        for external_id, body in self._connection.execute(
            "select external_id, body from variants where item = ? order by number", (item,)
        ):
            yield ReadVariant(external_id, item, _DECODE(body))
