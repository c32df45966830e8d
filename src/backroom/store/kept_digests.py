"""The digests of blocks that a server on SQLite keeps, and the rows that were touched since.

Digests are kept for those who ask again, as `backroom push --watch` does. From the first question
on, triggers of the writer note the numbers of the rows that it changes, in the transaction of the
change. They are temporary: they are in the memory of the writer's connection, and no other one sees
them. `data_version` shows commits of other connections. After such a commit, and after too many
notes, all digests are made anew.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.store.digests import LAST_NUMBER, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Database, Transaction

MOST_NOTES = 50_000
"""So many notes are kept, of all catalogs that somebody has asked for."""
_MOST_CATALOGS = 60
"""The digests of so many kinds of resources of accounts are kept."""
_LARGEST_SHARE = 4
"""If more than one of so many blocks was touched, all are made anew, by one statement."""
_DIGESTED_TABLES = {
    ITEM.table: (ITEM, "number", "account, number, external_id, attributes"),
    VARIANT.table: (VARIANT, "number", "account, number, external_id, attributes"),
    CATEGORY.table: (CATEGORY, "number", "account, number, external_id, attributes"),
    "item_categories": (ITEM, "item_number", "account, item_number, category_number"),
}
"""For each table, whose digests its rows are part of, by which number, and by which columns."""
_SCHEMA = f"""
create temp table if not exists seen_version (version integer);
create temp table if not exists kept_digests (
  account text, kind text, primary key (account, kind)
) without rowid;
create temp table if not exists touched_rows (
  place integer primary key, account text, kind text, number integer
);
create temp view if not exists too_many as
  select 1 from touched_rows where place > {MOST_NOTES};
"""
_TRIGGER = """
create temp trigger if not exists touches_{verb}_{row}_{table} after {event} on main.{table}
when exists (select 1 from kept_digests where account = {row}.account and kind = '{kind}')
  and not exists (select 1 from too_many)
begin
  insert into touched_rows (account, kind, number) values ({row}.account, '{kind}', {row}.{number});
end;
"""


@dataclass
class _KeptBlocks:
    """The digests of one kind of one account. The lock is held from the notes to the digests."""

    blocks: dict[int, int] | None = None
    dropped: bool = False
    """Whether others may have made a new one, and taken notes that this one lacks."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeptDigests:
    """The digests of blocks that a process keeps of its database. Any thread may ask."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[tuple[str, str], _KeptBlocks] = {}
        self._lock = threading.Lock()

    def blocks(self, kind: Kind, account: str) -> dict[int, int]:
        """Give what `blocks_of` gives. Not for an event loop. Raises `StoreUnavailable`."""
        kept = self._kept_of(kind, account)
        with kept.lock:
            known, kept.blocks = kept.blocks, None
            # What is read afterwards has at least the changes that were noted.
            touched = self._database.write(lambda tx: take(tx, kind, account)).result()
            with self._database.read() as tx:
                if known is None or touched is None or kept.dropped:
                    kept.blocks = blocks_of(tx, kind, account)
                else:
                    kept.blocks = _renewed(tx, kind, account, known, touched)
            return kept.blocks

    def _kept_of(self, kind: Kind, account: str) -> _KeptBlocks:
        with self._lock:
            kept = self._kept.pop((account, kind.name), None) or _KeptBlocks()
            if len(self._kept) >= _MOST_CATALOGS:
                self._kept.pop(next(iter(self._kept))).dropped = True
            self._kept[account, kind.name] = kept
            return kept


def take(tx: Transaction, kind: Kind, account: str) -> list[int] | None:
    """Give the numbers of the rows touched since the last call, and forget them.

    None if any rows may have been touched. It must be called in a transaction that writes.
    """
    if tx.one("select 1 from temp.sqlite_schema where name = 'kept_digests'") is None:
        tx.script(_SCHEMA + "".join(_triggers()))
    version = tx.one("pragma data_version")
    if tx.one("select version from seen_version") != version or tx.one("select 1 from too_many"):
        for table in ("seen_version", "kept_digests", "touched_rows"):
            tx.run(f"delete from {table}")
        tx.insert("seen_version", ("version",), [version or (None,)])
    names = {"account": account, "kind": kind.name}
    which = "where account = :account and kind = :kind"
    if tx.one(f"select 1 from kept_digests {which}", **names) is None:
        tx.run("insert into kept_digests values (:account, :kind)", **names)
        return None
    numbers = tx.all(f"select distinct number from touched_rows {which}", **names)
    tx.run(f"delete from touched_rows {which}", **names)
    return [number for (number,) in numbers]


def _triggers() -> Iterator[str]:
    for table, (kind, number, columns) in _DIGESTED_TABLES.items():
        for event, row in (
            ("insert", "new"),
            (f"update of {columns}", "new"),
            (f"update of account, {number}", "old"),
            ("delete", "old"),
        ):
            yield _TRIGGER.format(
                verb=event.partition(" ")[0],
                event=event,
                row=row,
                table=table,
                kind=kind.name,
                number=number,
            )


def _renewed(
    tx: Transaction, kind: Kind, account: str, known: dict[int, int], touched: Iterable[int]
) -> dict[int, int]:
    """Give the blocks that are known, and in place of those with touched rows what is there now."""
    firsts = sorted({0, *known})
    places = {bisect_right(firsts, number) - 1 for number in touched}
    # A row that began a block may be gone: then the rest of it belongs to the block before.
    places |= {place - 1 for place in places if place}
    if len(places) * _LARGEST_SHARE > len(firsts):
        return blocks_of(tx, kind, account)
    renewed = known.copy()
    for place in sorted(places):
        renewed.pop(firsts[place], None)
    ends = [*firsts[1:], LAST_NUMBER]
    for first, last in _adjoining(sorted(places)):
        renewed |= blocks_of(tx, kind, account, firsts[first], ends[last])
    return renewed


def _adjoining(places: list[int]) -> Iterator[tuple[int, int]]:
    """Give the first and the last of places that follow each other."""
    for _, run in groupby(enumerate(places), lambda each: each[1] - each[0]):
        places_of_run = [place for _, place in run]
        yield places_of_run[0], places_of_run[-1]
