"""The ledger of an import: its file has every row of the feed, and what became of it.

A row is written here before anything is sent, and a job before it is posted. So an import that was
broken off goes on where it was, and ends with the report that it would have had. The file is also
why an import needs little memory. A commit outlives the process, and may be lost with the machine's
power; the import then compares the rows again.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.catalog.kinds import KINDS, Verb
from backroom.feeds.advice import record_fault
from backroom.feeds.ledger_file import LedgerFile
from backroom.feeds.rows import Finding, Row, RowFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_JOB_OPERATIONS = 100
"""Rows that are in memory at a time. Some are megabytes long."""
_COMMIT = 10_000
_ROW = (
    "insert into rows (number, kind, external_id, line) values (?, ?, ?, ?);"
    " insert into bodies values (?, ?)"
)
"""What becomes of a row changes a few bytes: pages with bodies would be written again for them."""
_STAGED_ROWS = (
    "select kind, number, external_id, line, body, again from rows left join bodies using (number)"
)
_LONGEST_READ = 80_000
"""Bytes that are kept of a row that failed, so that it can be corrected."""
_LONGEST_VALUE = 200
_LONGEST_DETAIL = 1_000
"""Characters of a finding. A cell may have megabytes, and a report is for people."""

CREATED, UPDATED, DELETED, UNCHANGED, FAILED = (
    "created",
    "updated",
    "deleted",
    "unchanged",
    "failed",
)
OUTCOMES_OF_VERBS = {Verb.CREATE: CREATED, Verb.UPDATE: UPDATED, Verb.DELETE: DELETED}


class _Body(msgspec.Struct, array_like=True):
    attributes: dict[str, Any]
    related: tuple[str, ...] | None
    merges: bool


class Staged(msgspec.Struct, frozen=True):
    """A row in the ledger. Line 0 means a resource of the server that is not in the feed."""

    number: int
    row: Row
    again: bool
    """Whether several rows of the feed have its id."""


class Batch(NamedTuple):
    """Rows that went, or were about to go, into one job."""

    id: int
    kind: str
    verb: Verb
    job: str | None


class Ledger(LedgerFile):
    """The rows, jobs and findings of one import."""

    # Rows

    def stage(self, found: Iterable[Row | Finding]) -> None:
        """Write down what a reader gives.

        The method commits now and then, because the log of a single commit would be as large as
        the file. `staging.py` notes that all rows are there.
        """
        encode = msgspec.json.Encoder().encode
        number = int(self.one("select coalesce(max(number), 0) from rows"))

        def rows() -> Iterator[tuple[Any, ...]]:
            nonlocal number
            for each in found:
                if isinstance(each, Finding):
                    self.find(each)
                    continue
                try:
                    each.external_id.encode()
                    body = encode((each.attributes, each.related, each.merges))
                    number += 1
                    yield number, each.kind.name, each.external_id, each.line, number, body
                except RecursionError:
                    self.find(_unwritable(each, "is nested too deep"))
                except UnicodeEncodeError:
                    self.find(_unwritable(each, "is not Unicode text"))

        given = rows()
        first: tuple[Any, ...] | None = ()
        while first is not None:
            with self.connection:
                # What is found in rows is in the same commit.
                if first := next(given, None):
                    self.connection.executemany(_ROW, chain((first,), islice(given, _COMMIT)))
        with self.connection:
            self.run("create index rows_by_id on rows (kind, external_id)")
            self.run(
                "update rows set again = 1 where (kind, external_id) in (select kind, external_id"
                " from rows group by kind, external_id having count(*) > 1)"
            )

    def add_removals(self, kind: str) -> int:
        """Write down the resources of the server that are not in the feed; give their number."""
        # The ids of rows that failed are gathered once: they may be as many as the deletions.
        self.run(
            "insert into rows (kind, external_id, line) select kind, external_id, 0 from existing"
            " as e where kind = ? and not exists (select 1 from rows as r where r.kind = e.kind and"
            " r.external_id = e.external_id) and external_id not in (select external_id from"
            " findings where failed and kind in ('', ?))",
            kind,
            kind,
        )
        return int(self.connection.changes())

    def pending(self, kind: str, *, removals: bool = False) -> Iterator[Staged]:
        """Give the rows of a kind with which nothing was done yet, in the order of the feed."""
        last = -1
        # The plus keeps SQLite from the index by ids: it would sort all rows of the kind each time.
        statement = (
            f"{_STAGED_ROWS} where +kind = ? and outcome is null and (line = 0) = ?"
            " and number > ? order by number limit ?"
        )
        while found := list(self.run(statement, kind, removals, last, _JOB_OPERATIONS)):
            last = found[-1][1]
            yield from (self._staged(*each) for each in found)

    def has_pending(self, kind: str, more_than: int) -> bool:
        """Whether nothing was done yet with more than so many rows of a kind."""
        statement = (
            "select 1 from rows where +kind = ? and outcome is null and line > 0 limit 1 offset ?"
        )
        return self.one(statement, kind, more_than) is not None

    def equals(self, kind: str, external_id: str) -> list[Staged]:
        """Give all pending rows with an id, in the order of the feed."""
        found = self.run(
            f"{_STAGED_ROWS} where kind = ? and external_id = ? and line > 0 and outcome is null"
            " order by number",
            kind,
            external_id,
        )
        return [self._staged(*each) for each in found]

    def settle(self, numbers: Iterable[int], outcome: str | None) -> None:
        """Write down what became of rows; None lets them be compared again."""
        self.connection.executemany(
            "update rows set outcome = ? where number between ? and ?",
            ((outcome, *span) for span in _spans(numbers)),
        )

    def settle_changed(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Write down outcomes, the attributes that would change, and the numbers of rows."""
        self.connection.executemany(
            "update rows set outcome = ?, changed = ? where number = ?", rows
        )

    def find(self, finding: Finding, *, staged: bool = False) -> None:
        """Write down a fault or a warning; `staged` where the row is in the ledger."""
        kind = finding.kind.name if finding.kind else ""
        self.run(
            "insert into findings (line, kind, external_id, place, value, detail, advice, failed,"
            " staged, read) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            finding.line,
            kind,
            *map(
                _storable,
                (
                    finding.external_id,
                    finding.column,
                    _beginning_of(finding.value, _LONGEST_VALUE),
                    _beginning_of(finding.detail, _LONGEST_DETAIL),
                    _beginning_of(finding.advice, _LONGEST_DETAIL),
                ),
            ),
            isinstance(finding, RowFault),
            staged,
            _encoded_cells(finding.read) if isinstance(finding, RowFault) else None,
        )

    # Jobs

    def begin(self, kind: str, verb: Verb, rows: Iterable[tuple[int, str]]) -> int:
        """Write down that rows are about to be sent, each with what it changes; give the batch."""
        alike: dict[str, list[int]] = {}
        for number, changed in rows:
            alike.setdefault(changed, []).append(number)
        with self.connection:
            self.run(
                "insert into batches (kind, verb, first, last) values (?, ?, ?, ?)",
                kind,
                str(verb),
                min(map(min, alike.values())),
                max(map(max, alike.values())),
            )
            batch = self.connection.last_insert_rowid()
            self.connection.executemany(
                "update rows set outcome = 'sent', batch = ?, changed = ?"
                " where number between ? and ?",
                (
                    (batch, changed, *span)
                    for changed, numbers in alike.items()
                    for span in _spans(numbers)
                ),
            )
        return batch

    def posted(self, batch: int, job: str) -> None:
        """Write down the job of a batch."""
        self.run("update batches set job = ? where id = ?", job, batch)

    def close_batch(self, batch: int) -> None:
        """Write down that all rows of a batch are settled."""
        self.run("update batches set settled = 1 where id = ?", batch)

    def give_back(self, batch: int, numbers: Iterable[int]) -> None:
        """Forget a batch that the server does not have; its rows are pending again."""
        with self.connection:
            self.settle(numbers, None)
            self.run("delete from batches where id = ?", batch)

    def open_batches(self) -> list[Batch]:
        """Give the batches that were begun and never settled, in the order of sending."""
        found = self.run("select id, kind, verb, job from batches where not settled order by id")
        return [Batch(number, kind, Verb(verb), job) for number, kind, verb, job in found]

    def staged(self, numbers: Iterable[int]) -> list[Staged]:
        """Give rows by their numbers."""
        statement = f"{_STAGED_ROWS} where number = ?"
        return [self._staged(*each) for number in numbers for each in self.run(statement, number)]

    def failed(self, most: int) -> list[Staged]:
        """Give rows that failed, in the order of the feed, up to `most`."""
        found = self.run(
            f"{_STAGED_ROWS} where outcome = 'failed' order by line, number limit ?",
            most,
        )
        return [self._staged(*each) for each in found]

    def rows_of(self, batch: int) -> list[Staged]:
        """Give the rows of a batch that are not settled."""
        found = self.run(
            f"{_STAGED_ROWS} where batch = ? and outcome = 'sent' and number between"  # noqa: S608 - texts of ours
            " (select first from batches where id = ?) and (select last from batches where id = ?)"
            " order by number",
            batch,
            batch,
            batch,
        )
        return [self._staged(*each) for each in found]

    def count_with(self, text: bytes) -> int:
        """Count the rows whose JSON has a text in it."""
        return int(self.one("select count(*) from bodies where instr(body, ?) > 0", text))

    def forget_rows(self, numbers: Iterable[int]) -> None:
        """Take rows out."""
        self.connection.executemany(
            "delete from rows where number = ?; delete from bodies where number = ?",
            ((each, each) for each in numbers),
        )

    def has(self, kind: str, external_id: str) -> bool:
        """Whether the feed has a row with an id that did not fail."""
        statement = (
            "select 1 from rows where kind = ? and external_id = ? and line > 0"
            " and outcome is not 'failed'"
        )
        return bool(self.one(statement, kind, external_id))

    def has_failed(self, row: Row) -> bool:
        """Whether a row of the feed failed, or never came into the ledger."""
        statement = (
            "select 1 from rows where kind = ? and external_id = ? and line = ?"
            " and outcome is not 'failed'"
        )
        try:
            return not self.one(statement, row.kind.name, row.external_id, row.line)
        except UnicodeEncodeError:
            return True

    @property
    def has_refused(self) -> bool:
        """Whether a row was settled as failed."""
        return bool(self.one("select 1 from rows where outcome = 'failed'"))

    def knows_job(self, job: str) -> bool:
        """Whether a job is one of this import."""
        return bool(self.one("select 1 from batches where job = ?", job))

    # What is on the server

    def add_existing(self, kind: str, ids: Iterable[str]) -> None:
        """Write down ids that the server has."""
        statement = "insert or ignore into existing values (?, ?)"
        with self.connection:
            self.connection.executemany(statement, ((kind, each) for each in ids))

    def existing(self, kind: str) -> list[str]:
        """Give the ids of a kind that are written down."""
        statement = "select external_id from existing where kind = ?"
        return [each for (each,) in self.run(statement, kind)]

    def count_existing(self) -> int:
        """Count the ids that are written down."""
        return int(self.one("select count(*) from existing"))

    def add_members(self, category: str, items: Iterable[str]) -> None:
        """Write down items of a category on the server."""
        with self.connection:
            self.connection.executemany(
                "insert or ignore into members values (?, ?)", ((each, category) for each in items)
            )

    def categories_of(self, item: str) -> set[str]:
        """Give the categories of an item on the server."""
        return {each for (each,) in self.run("select category from members where item = ?", item)}

    def _staged(
        self, kind: str, number: int, external_id: str, line: int, body: bytes | None, again: int
    ) -> Staged:
        content = _decode(body) if body else _Body({}, None, merges=False)
        row = Row(
            line,
            KINDS[kind],
            external_id,
            content.attributes,
            content.related,
            merges=content.merges,
        )
        return Staged(number, row, bool(again))


def _spans(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the first and the last of numbers that follow each other: mostly all of them do."""
    first = last = None
    for number in numbers:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


_decode = msgspec.json.Decoder(_Body).decode


def _beginning_of(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _encoded_cells(read: tuple[Mapping[str, Any], ...]) -> bytes | None:
    """Give what was read of a row as JSON, None where that is nothing, or too long."""
    try:
        encoded = msgspec.json.encode(read) if read else None
    except (RecursionError, UnicodeEncodeError):
        return None
    return encoded if encoded and len(encoded) <= _LONGEST_READ else None


def _storable(text: str) -> str:
    """Give a text that a database takes: bytes that are no UTF-8 are shown as escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def _unwritable(row: Row, detail: str) -> RowFault:
    return record_fault(row.line, detail, row.kind, _storable(row.external_id))
