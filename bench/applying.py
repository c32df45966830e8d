"""Applying accepted jobs, against writing the same rows with nothing around it.

A server that drains its backlog is stopped by a signal while it is the floor's turn.
"""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.store import open_database, search
from backroom.store.dialects import SQLITE
from bench import accepting, catalog, cores, floors, load, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Piece, Row, alternate_afresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import apsw

    from bench.measuring import Contestants
    from bench.servers import Served
    from bench.settings import Settings

ACCOUNTS = 4
_DEADLINE_SECONDS = 120.0
_LOOK_SECONDS = 0.005

UPSERT = (
    "insert into items (account, number, external_id, title, published, search_text, attributes)"
    " values (?, ?, ?, ?, ?, ?, ?) on conflict (account, external_id) do update set"
    " title = excluded.title, published = excluded.published,"
    " search_text = excluded.search_text, attributes = excluded.attributes"
)
INDEX = "insert into items_grams (rowid, grams) values (?, ?)"
ITEMS = (
    "select account, number, external_id, title, published, search_text, attributes"
    " from items order by number"
)

Rows = tuple[list[Any], list[Any]]
"""The rows of items as they were written, in that order, and those of their index."""


def measured(directory: Path, settings: Settings) -> Found:
    """Measure both, each from an empty catalog on in every round."""
    home = directory / "applying"
    waiting = prepared(home / "waiting", settings.waiting_jobs)
    rows = _rows_of(waiting, home / "once", settings.waiting_jobs)
    taken = alternate_afresh(settings, partial(_opened, waiting, home, rows, settings))
    shutil.rmtree(home)
    goal = Goal(least=0.5)
    name = "apply jobs of 100 items"
    row = Row(name, goal, "items/s", ours=taken["apply"], floor=taken["apply: floor"])
    return Found([row])


def prepared(directory: Path, jobs: int) -> Path:
    """Make a database in which jobs wait."""
    directory.mkdir(parents=True)
    database = directory / "backroom.db"
    let_wait(database, jobs)
    return database


def let_wait(database: Path, jobs: int) -> None:
    """Post jobs that are to wait, evenly over some accounts."""
    own = accepting.keys(str(database), ACCOUNTS)
    with servers.backroom(database, "--job-delay", accepting.DELAY_SECONDS) as served:
        post(served, own, jobs)


def post(served: Served, own: list[str], jobs: int) -> None:
    """Post jobs of different items, evenly for the owners of keys."""
    each = jobs // len(own)
    streams = [
        [catalog.posting(served.port, key, 100 * place) for place in range(each)] for key in own
    ]
    load.run(Plan(served.port, streams, most=each))


@contextmanager
def draining(
    waiting: Path, home: Path, *flags: str, **variables: str
) -> Iterator[tuple[Served, apsw.Connection]]:
    """Serve a copy of a database in which jobs wait, and give a connection to look on."""
    home.mkdir(parents=True)
    database = home / "backroom.db"
    servers.copied(waiting, database)
    connection = floors.connected(str(database))
    with servers.backroom(database, *flags, **variables) as served:
        yield served, connection
    connection.close()
    shutil.rmtree(home)


def in_progress(connection: apsw.Connection) -> int:
    """Count the jobs that aren't complete."""
    return int(connection.execute("select count(*) from jobs where completed_at is null").get)


def wait_until(connection: apsw.Connection, left: int) -> float:
    """Wait until no more than so many jobs are left, and give the moment."""
    end = time.monotonic() + _DEADLINE_SECONDS
    while in_progress(connection) > left:
        if time.monotonic() > end:
            raise RuntimeError("the jobs were never applied")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic()


def check(connection: apsw.Connection) -> None:
    """Hold the items, and their words, against the jobs that are complete."""
    (jobs, failed, items, words) = connection.execute(
        "select sum(completed_count), sum(failed_count), (select count(*) from items),"
        " (select count(*) from items_grams) from jobs where completed_at is not null"
    ).get
    assert (failed, items, words) == (0, jobs, jobs), (jobs, failed, items, words)


@contextmanager
def _opened(
    waiting: Path, home: Path, rows: Rows, settings: Settings, place: int
) -> Iterator[Contestants]:
    own = home / f"round-{place}"
    with draining(waiting, own) as (served, connection):
        wait_until(connection, settings.waiting_jobs - 1)
        floor = _upserting(own / "floor.db", rows, settings.seconds)
        with served.held(), floor as upsert:
            ours = partial(resumed, served, connection, settings.seconds)
            yield {"apply": ours, "apply: floor": upsert}
        check(connection)


def resumed(served: Served, connection: apsw.Connection, seconds: float) -> Piece:
    """Let the server go on for some seconds, or to the end."""
    before, computed = in_progress(connection), cores.used(served.process)
    watch = cores.Watch()
    served.resume()
    while watch.seconds < seconds and in_progress(connection):
        time.sleep(_LOOK_SECONDS)
    served.hold()
    took = watch.seconds
    items = catalog.OPERATIONS * (before - in_progress(connection))
    return Piece(items, took, cores.used(served.process) - computed)


def _rows_of(waiting: Path, home: Path, jobs: int) -> Rows:
    """Have all jobs applied once, and give the rows that came of it."""
    with draining(waiting, home) as (_, connection):
        wait_until(connection, 0)
        items = connection.execute(ITEMS).fetchall()
        check(connection)
    assert len(items) == jobs * catalog.OPERATIONS, len(items)
    words = [
        (number, search.indexed_words(SQLITE, str(account), str(text)))
        for account, number, _, _, _, text, _ in items
    ]
    return items, words


@contextmanager
def _upserting(path: Path, rows: Rows, seconds: float) -> Iterator[Callable[[], Piece]]:
    """Give what writes the next rows for some seconds into the tables that a server makes."""
    open_database(str(path)).close()
    connection = floors.connected(str(path))
    items, words = rows
    batches = iter(range(0, len(items), catalog.OPERATIONS))
    statements = [(UPSERT, items), (INDEX, words)]
    yield partial(floors.upserted, connection, statements, batches, seconds)
    held, indexed = connection.execute(
        "select (select count(*) from items), (select count(*) from items_grams)"
    ).get
    assert held == indexed == next(batches, len(items)), (held, indexed)
    connection.close()
