"""What the databases themselves say of our tables, from their own catalogs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS
from backroom.store.linkage import LINKED_AT_MOST

if TYPE_CHECKING:
    from backroom.store.database import Database, Row

_OWN = "type = 'table' and name not like 'sqlite%' and name not like '%\\_grams%' escape '\\'"
_EVERYTHING = {
    "sqlite": ("select type, name, tbl_name, sql from sqlite_master order by name",),
    "postgres": (
        """select table_name, column_name, data_type, is_nullable, column_default
        from information_schema.columns where table_schema = 'public' order by 1, 2""",
        """select tablename, indexname, indexdef from pg_indexes
        where schemaname = 'public' order by 1, 2""",
    ),
}
_COLUMNS = {
    "sqlite": "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c"
    f" where m.{_OWN.replace(' and name', ' and m.name')}",
    "postgres": "select table_name, column_name from information_schema.columns"
    " where table_schema = 'public' and is_generated = 'NEVER'",
}
_UNIQUE = {
    "sqlite": "select m.name, l.name, i.name"
    " from sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i"
    f' where l."unique" and m.{_OWN.replace(" and name", " and m.name")} order by 1, 2, i.seqno',
    "postgres": "select t.relname, i.relname, a.attname from pg_index x"
    " join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid"
    " join pg_attribute a on a.attrelid = i.oid"
    " where x.indisunique and t.relnamespace = 'public'::regnamespace order by 1, 2, a.attnum",
}
_LINKED = {
    "items": "select account, item_number, external_id from variants order by number",
    "variants": "select v.account, v.number, i.external_id from variants v join items i"
    " on i.account = v.account and i.number = v.item_number",
    "categories": "select c.account, c.category_number, i.external_id from item_categories c"
    " join items i on i.account = c.account and i.number = c.item_number order by i.number",
}


def everything(database: Database) -> list[Row]:
    """All that the catalog has, to be compared."""
    with database.read() as tx:
        return [row for sql in _EVERYTHING[database.dialect.name] for row in tx.all(sql)]


def columns(database: Database) -> dict[str, set[str]]:
    """The columns of each table, without those that are made of others."""
    found = defaultdict(set)
    with database.read() as tx:
        for table, column in tx.all(_COLUMNS[database.dialect.name]):
            found[table].add(column)
    return dict(found)


def unique_columns(database: Database) -> dict[str, dict[str, list[str]]]:
    """The columns, in order, of each table's primary key and unique indexes."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with database.read() as tx:
        for table, index, column in tx.all(_UNIQUE[database.dialect.name]):
            found[table][index].append(column)
    return {table: dict(indexes) for table, indexes in found.items()}


Named = dict[tuple[str, str, int], list[str]]
"""The names that a row's relationship holds, by table, account and number."""


def shown(database: Database) -> Named:
    """What each row has as its linkage."""
    found = {}
    with database.read() as tx:
        for kind in KINDS.values():
            for account, number, held in tx.all(
                f"select account, number, linkage from {kind.table}"
            ):
                names = bytes(held).decode().split("\0") if held is not None else []
                found[kind.table, account, number] = names
    return found


def linked(database: Database) -> Named:
    """What each row's linkage must be, by what is linked to it."""
    with database.read() as tx:
        found: Named = {
            (kind.table, *row): []
            for kind in KINDS.values()
            for row in tx.all(f"select account, number from {kind.table}")
        }
        for table, sql in _LINKED.items():
            for account, number, name in tx.all(sql):
                # The links of a deleted category go later.
                if (names := found.get((table, account, number))) is not None:
                    names.append(name)
    return {row: names[:LINKED_AT_MOST] for row, names in found.items()}
