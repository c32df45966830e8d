"""Kept catalogs, each with the server that has it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from backroom.api import query, routes
from backroom.api.cursors import Cursor, Cursors
from backroom.catalog.kinds import KINDS
from backroom.revisions import NEWEST
from backroom.store import keys, open_database
from bench import large, reads, servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.cases import Case
    from bench.servers import Served

_LAST = 2**63 - 1


class Site:
    """A catalog of one size and the server that has it."""

    def __init__(self, path: Path, size: int, served: Served) -> None:
        self.size = size
        self.path = path
        self.served = served
        self.account, self.key = reads.account(str(path), large.ACCOUNT)

    @cache  # noqa: B019 - there are four of them, until the end
    def numbers(self, name: str) -> list[int]:
        """Give the numbers of all records of a kind, in order."""
        database = open_database(str(self.path))
        try:
            with database.read() as tx:
                rows = tx.all(
                    f"select number from {KINDS[name].table}"  # noqa: S608
                    " where account = :account order by number",
                    account=self.account,
                )
        finally:
            database.close()
        return [row[0] for row in rows]

    def border(self, case: Case, share: float) -> int:
        """Give the number that a page begins after, at a share of the catalog."""
        numbers = self.numbers(routes.match_path(case.path).operations["GET"].kind.name)
        return numbers[int(share * len(numbers))]

    def url(self, case: Case, share: float | None) -> str:
        """Give the path and query of a page at a share of the catalog; its first page for None."""
        asked = list(case.query)
        if share is not None:
            asked.append(("page[cursor]", self._cursor(case, share)))
        return f"{case.path}?{urlencode(asked)}" if asked else case.path

    def _cursor(self, case: Case, share: float) -> str:
        path = routes.match_path(case.path)
        operation = path.operations["GET"]
        parsed = query.parse_query(operation, NEWEST, urlencode(case.query))
        if share < 1:
            cursor = Cursor(self.border(case, share), onward=True)
        else:
            cursor = Cursor(0 if parsed.descending else _LAST, onward=False)
        subject = f"{self.account} {operation.name} {path.resource_id!r} {parsed.described}"
        database = open_database(str(self.path))
        try:
            return Cursors(keys.cursor_secret(database)).write(cursor, subject)
        finally:
            database.close()


@contextmanager
def serving(size: int, *, whole: bool = False) -> Iterator[Site]:
    """Serve a catalog, built where there is none yet, in a process of its own."""
    path, _ = large.kept(size, whole=whole)
    with servers.backroom(path) as served:
        yield Site(path, size, served)
