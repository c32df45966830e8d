"""Applying accepted jobs, against writing the same rows with nothing around it."""

from __future__ import annotations

import shutil
import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from backroom.store import open_database, search
from backroom.store.dialects import SQLITE
from bench import accepting, catalog, cores, floors, load, reads, servers
from bench.load import Plan
from bench.measuring import Goal, Row, Sample, alternate

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

    from bench.settings import Settings

ACCOUNTS = 4
_DEADLINE_SECONDS = 120.0
_LOOK_SECONDS = 0.002

UPSERT = (
    "insert into items (account, number, external_id, title, published, search_text, attributes)"
    " values (?, ?, ?, ?, ?, ?, ?) on conflict (account, external_id) do update set"
    " title = excluded.title, published = excluded.published,"
    " search_text = excluded.search_text, attributes = excluded.attributes"
)
INDEX = "insert into items_grams (rowid, grams) values (?, ?)"

_numbers = count()


def measured(directory: Path, settings: Settings) -> list[Row]:
    """Measure both."""
    home = directory / "applying"
    waiting = prepared(home / "waiting", settings.drained_jobs)
    rows = _rows_of(drained(waiting, home / "once", settings.drained_jobs)[1])
    shutil.rmtree(home / "once")
    contestants = {
        "apply": partial(_applied, waiting, home, settings.drained_jobs),
        "apply: floor": partial(_upserted, home, rows),
    }
    taken = alternate(settings.rounds, contestants)
    name = f"apply {settings.drained_jobs} jobs of 100 items"
    goal = Goal(least=0.5)
    return [Row(name, goal, "items/s", ours=taken["apply"], floor=taken["apply: floor"])]


def prepared(directory: Path, jobs: int) -> Path:
    """Make a database in which jobs wait, evenly over the accounts."""
    directory.mkdir(parents=True)
    database = directory / "backroom.db"
    own = [reads.account(database, f"bench-{place}")[1] for place in range(ACCOUNTS)]
    each = jobs // ACCOUNTS
    with servers.backroom(database, "--job-delay", accepting.DELAY_SECONDS) as served:
        streams = [
            [catalog.posting(served.port, key, 100 * place) for place in range(each)] for key in own
        ]
        load.run(Plan(served.port, streams, most=each))
    return database


def drained(waiting: Path, home: Path, jobs: int) -> tuple[Sample, Path]:
    """Let a server apply what waits in a copy of a database; give items a second, and the copy.

    Timed from the first job that is seen complete to the last, so that the start of the server
    does not count.
    """
    home.mkdir(parents=True)
    database = home / "backroom.db"
    shutil.copy(waiting, database)
    connection = floors.connected(str(database))
    with servers.backroom(database) as served:
        before, began, computed = _when(connection, lambda left: left < jobs, served.process)
        after, ended, computing = _when(connection, lambda left: left == 0, served.process)
    items = catalog.OPERATIONS * (before - after)
    took = ended - began
    _check(connection, jobs)
    connection.close()
    spent = computing - computed
    return Sample(items / took, spent / items, spent / took), database


def _when(connection: apsw.Connection, holds: Any, process: int) -> tuple[int, float, float]:
    """Wait for a number of jobs in progress; give it, the moment, and what was computed by then."""
    end = time.monotonic() + _DEADLINE_SECONDS
    while (now := time.monotonic()) < end:
        row = connection.execute("select count(*) from jobs where completed_at is null").fetchone()
        if row and holds(row[0]):
            return row[0], now, cores.used(process)
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError("the jobs were never applied")


def _check(connection: apsw.Connection, jobs: int) -> None:
    """Hold what was applied against what waited."""
    counts = connection.execute(
        "select count(*), sum(completed_count), sum(failed_count),"
        " (select count(*) from items), (select count(*) from items_grams) from jobs"
    ).fetchone()
    items = jobs * catalog.OPERATIONS
    assert counts == (jobs, items, 0, items, items), counts


def _applied(waiting: Path, home: Path, jobs: int) -> Sample:
    own = home / f"drained-{next(_numbers)}"
    sample, _ = drained(waiting, own, jobs)
    shutil.rmtree(own)
    return sample


def _rows_of(database: Path) -> tuple[list[Any], list[Any]]:
    """Give the rows of items as they were written, in that order, and those of their index."""
    connection = floors.connected(str(database))
    items = connection.execute(
        "select account, number, external_id, title, published, search_text, attributes"
        " from items order by number"
    ).fetchall()
    connection.close()
    words = [
        (number, SQLITE.gram_words(search.grams(str(account), str(text))))
        for account, number, _, _, _, text, _ in items
    ]
    return items, words


def _upserted(home: Path, rows: tuple[list[Any], list[Any]]) -> Sample:
    own = home / f"upserted-{next(_numbers)}"
    own.mkdir()
    open_database(str(own / "floor.db")).close()
    connection = floors.connected(str(own / "floor.db"))
    items, words = rows
    sample = floors.upserted(connection, [(UPSERT, items), (INDEX, words)], catalog.OPERATIONS)
    held = connection.execute("select count(*) from items").fetchone()
    assert held == (len(items),), held
    connection.close()
    shutil.rmtree(own)
    return sample
