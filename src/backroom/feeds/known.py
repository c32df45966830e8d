"""What a push knows that its target has: one digest for each resource that was pushed.

By it a push that stays finds the resources that have changed at the source, without a request to
the target. The digests are beside the rows of the ledger, in the same file, and outlive them. A
digest is written after the rows of a push are settled. If a push is killed in between, its rows are
compared again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from backroom.catalog.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.rows import Row

_VALUES_DIGEST_BYTES = 16
_NAMES_AT_ONCE = 1_000
_PUSH = "push"
"""The kind of the one row that says what push the digests are of."""
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def digest_of(row: Row) -> bytes:
    """Give a digest of the values of a row. The order of its related ids does not count."""
    body = _encode_sorted((row.attributes, None if row.related is None else sorted(row.related)))
    return hashlib.blake2b(body, digest_size=_VALUES_DIGEST_BYTES).digest()


class KnownCatalog:
    """The digests in the file of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        ledger.run(
            "create table if not exists known (kind text, external_id text, digest blob,"
            " refused integer not null default 0, primary key (kind, external_id)) without rowid"
        )

    def __len__(self) -> int:
        return int(self._ledger.one("select count(*) from known where kind <> ?", _PUSH))

    def begin_for(self, push: str) -> bool:
        """Forget everything that is of another push: another target, or other options.

        Gives whether the digests are of this push.
        """
        statement = "select external_id from known where kind = ?"
        if self._ledger.one(statement, _PUSH) == push:
            return True
        with self._ledger.together():
            self.forget_all()
            self._ledger.clear()
            self._ledger.run("insert into known values (?, ?, x'', 0)", _PUSH, push)
        return False

    def forget_all(self) -> None:
        """Forget all digests."""
        self._ledger.run("delete from known")

    # One reading of the source

    def begin(self) -> None:
        """Begin a reading of the source."""
        self._ledger.run("drop table if exists temp.seen")
        self._ledger.run(
            "create temp table seen (kind text, external_id text, primary key (kind, external_id))"
            " without rowid"
        )

    def changed(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Note a page as seen; give those rows of it that are new or differ."""
        by_id = {(row.kind.name, row.external_id): row for row in rows}
        self._ledger.connection.executemany("insert or ignore into temp.seen values (?, ?)", by_id)
        for (kind, external_id), row in by_id.items():
            statement = "select digest from known where kind = ? and external_id = ?"
            if self._ledger.one(statement, kind, external_id) != digest_of(row):
                yield row

    def unseen(self, kind: Kind) -> list[str]:
        """Give the ids that are known and were not seen in this reading."""
        found = self._ledger.run(
            "select external_id from known as k where kind = ? and not exists (select 1 from"
            " temp.seen as s where s.kind = k.kind and s.external_id = k.external_id)",
            kind.name,
        )
        return [each for (each,) in found]

    def among(self, kind: Kind, external_ids: Iterable[str]) -> list[str]:
        """Give those of some ids that are known."""
        statement = "select 1 from known where kind = ? and external_id = ?"
        return [each for each in external_ids if self._ledger.one(statement, kind.name, each)]

    def forget(self, kind: Kind, external_ids: Iterable[str]) -> None:
        """Forget digests."""
        with self._ledger.together():
            self._ledger.connection.executemany(
                "delete from known where kind = ? and external_id = ?",
                ((kind.name, each) for each in external_ids),
            )

    # What was pushed

    def learn(self) -> bool:
        """Take in what became of the rows of the ledger; give whether another reading can wait.

        A row that was refused is sent again when it has changed, or when another one was sent,
        because the target may have lacked that one.
        """
        last = -1
        again = False
        sent = self._ledger.one("select 1 from rows where outcome in ('created', 'updated')")
        statement = (
            "select number, outcome = 'failed' from rows where number > ? and line > 0 and outcome"
            " in ('created', 'updated', 'unchanged', 'failed') order by number limit ?"
        )
        with self._ledger.together():
            if sent:
                self._ledger.run("delete from known where refused")
                again = self._ledger.connection.changes() > 0
            while found := list(self._ledger.run(statement, last, _NAMES_AT_ONCE)):
                last = found[-1][0]
                refused = {number for number, failed in found if failed}
                learned = [each for each, _ in found if not (sent and each in refused)]
                again = again or len(learned) < len(found)
                self._ledger.connection.executemany(
                    "insert or replace into known values (?, ?, ?, ?)",
                    (
                        (
                            each.row.kind.name,
                            each.row.external_id,
                            digest_of(each.row),
                            each.number in refused,
                        )
                        for each in self._ledger.staged(learned)
                    ),
                )
            for kind in KINDS:
                self._ledger.run(
                    "delete from known where kind = ? and external_id in (select external_id"
                    " from rows where kind = ? and outcome = 'deleted')",
                    kind,
                    kind,
                )
        return not again
