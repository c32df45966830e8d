"""The same work on PostgreSQL, against the raw statements through the same driver.

A cluster of its own from a package, with everything on the disk at each commit. It may use all
cores; servers and floors have theirs, and the load generator has the other.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg

from backroom.settings import Settings as ServerSettings
from backroom.store import search
from backroom.store.dialects import POSTGRES
from bench import accepting, applying, catalog, cores, reads, servers
from bench.measuring import Found, Goal, Piece, Row, alternate
from support.engines import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measuring import Contestants, Sample
    from bench.settings import Settings

_READERS = 4
"""Connections of the floor for reads: with fewer it is slower, with more no faster."""
_ACCOUNTS = 8
CONCURRENCY = ServerSettings().concurrency
"""Accounts that a worker serves at a time, and connections of the floor for applying."""
_ONE_AT_A_TIME = ("--concurrency", "1")
_JOBS = 120
"""Jobs in a backlog, evenly over the accounts."""
_LOOK_SECONDS = 0.01
_DEADLINE_SECONDS = 120.0

ONE_JOB: LiteralString = (
    "select job_id, type, status, created_at, expires_at, completed_at, total_count,"
    " completed_count, failed_count, errors, linkage from jobs"
    " where account = %s and job_id = %s and type = %s and job_id >= %s"
)
PAGE_OF_JOBS: LiteralString = (
    "select job_id, type, status, created_at, expires_at, completed_at, total_count,"
    " completed_count, failed_count, errors, linkage from jobs"
    " where account = %s and type = %s and job_id >= %s order by job_id desc limit 101"
)
UPSERT: LiteralString = (
    "insert into items (account, number, external_id, title, published, search_text, attributes)"
    " values (%s, %s, %s, %s, %s, %s, %s) on conflict (account, external_id) do update set"
    " title = excluded.title, published = excluded.published,"
    " search_text = excluded.search_text, attributes = excluded.attributes"
)
INDEX: LiteralString = (
    "insert into items_grams (account, number, grams) values (%s, %s, %s::tsvector)"
)

Taken = dict[str, list["Sample"]]


def measured(directory: Path, settings: Settings) -> Found:
    """Measure reading, accepting, applying, and a second worker."""
    own = directory / "postgres"
    own.mkdir()
    with running(durable=True) as (create, _):
        rows = _reading(create(), own, settings)
        rows += _accepting(create(), own, settings)
        rows += _applying(create(), own, settings)
    return Found(rows)


@contextmanager
def running(*, durable: bool) -> Iterator[tuple[Callable[[], str], int]]:
    """Run a cluster until the block ends; give what makes a database's URL, and its process."""
    # The server's own user must get there, and the path of a socket is short.
    place = Path(tempfile.mkdtemp(prefix="backroom-bench-"))
    place.chmod(0o755)
    cluster = Cluster(place / "cluster", durable=durable)
    try:
        lines = (place / "cluster" / "postmaster.pid").read_text().splitlines()
        with cluster.databases() as create:
            yield create, int(lines[0])
    finally:
        cluster.stop()
        shutil.rmtree(place, ignore_errors=True)


def _reading(url: str, own: Path, settings: Settings) -> list[Row]:
    name, key = reads.account(url)
    with ExitStack() as stack:
        served = stack.enter_context(servers.serving(url, own, "--worker", "off"))
        with running_workers(url, own, 1):
            reads.fill(served, key, own / "errors.txt")
        job = reads.jobs_shown(served, key)[50]["id"]
        one, _ = catalog.reading(served, f"{catalog.JOBS}/{job}", key)
        page, _ = catalog.reading(served, catalog.JOBS, key)
        least = "0" * 26
        asked_one = partial(_selected, ONE_JOB, (name, job, catalog.JOB_TYPE, least), 1)
        asked_page = partial(_selected, PAGE_OF_JOBS, (name, catalog.JOB_TYPE, least), 101)
        taken = alternate(
            settings,
            {
                "one": reads.asking(served, one, settings),
                "one: floor": stack.enter_context(_each_of(url, _READERS, asked_one, settings)),
                "page": reads.asking(served, page, settings),
                "page: floor": stack.enter_context(_each_of(url, _READERS, asked_page, settings)),
            },
        )
    return [
        _row("GET one job", 0.4, taken, "one"),
        _row("GET a page of 100 jobs", 0.4, taken, "page"),
    ]


def _row(name: str, least: float, taken: Taken, title: str, unit: str = "/s") -> Row:
    floor = taken[f"{title}: floor"]
    return Row(f"PostgreSQL: {name}", Goal(least=least), unit, ours=taken[title], floor=floor)


def _selected(sql: LiteralString, values: tuple[Any, ...], rows: int, raw: Any, _: int) -> None:
    """Run a query, and count its rows."""
    assert len(raw.execute(sql, values).fetchall()) == rows


def _accepting(url: str, own: Path, settings: Settings) -> list[Row]:
    keys = accepting.keys(url, accepting.ACCOUNTS * accepting.CONNECTIONS)
    texts = [catalog.job_body(100 * place).decode() for place in range(accepting.BODIES)]
    numbers = count()

    def insert(raw: psycopg.Connection, place: int) -> None:
        text = texts[place % len(texts)]
        raw.execute("insert into floor values (%s, %s)", (f"{next(numbers):026}", text))

    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute("create table floor (job_id text primary key, body text not null)")
    with (
        servers.serving(url, own, "--worker", "off") as served,
        accepting.posting(served, keys, url, settings) as post,
        _each_of(url, accepting.CONNECTIONS, insert, settings) as floor,
    ):
        taken = alternate(settings, {"POST": post, "POST: floor": floor})
    name = f"POST a job of 100 items, {accepting.CONNECTIONS} connections"
    return [_row(name, 0.4, taken, "POST")]


@contextmanager
def _each_of(
    url: str,
    connections: int,
    work: Callable[[psycopg.Connection, int], None],
    settings: Settings,
) -> Iterator[Callable[[], Piece]]:
    """Give what has connections do one piece of work after the other, each in a thread."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(connections)
        ]
        yield partial(_worked, opened, work, settings.seconds)


def _worked(
    opened: list[psycopg.Connection],
    work: Callable[[psycopg.Connection, int], None],
    seconds: float,
) -> Piece:
    done = [0] * len(opened)
    with cores.pinned(cores.SERVER):
        watch = cores.Watch()

        def go_on(place: int) -> None:
            while watch.seconds < seconds:
                work(opened[place], done[place])
                done[place] += 1

        _together([partial(go_on, place) for place in range(len(opened))])
        assert all(done), done
        return Piece(sum(done), watch.seconds, watch.computing)


def _applying(url: str, own: Path, settings: Settings) -> list[Row]:
    jobs = _JOBS
    _keep_jobs(url, own, jobs)
    _drained(url, own, jobs, 1)
    batches = _rows_of(url)
    contestants: Contestants = {
        "apply": partial(_drained, url, own, jobs, 1),
        "two": partial(_drained, url, own, jobs, 2),
        "apply: floor": partial(_upserted, url, batches),
        "one by one": partial(_drained, url, own, jobs, 1, *_ONE_AT_A_TIME),
        "two, one by one": partial(_drained, url, own, jobs, 2, *_ONE_AT_A_TIME),
    }
    taken = alternate(replace(settings, slices=1), contestants)
    name = f"apply {jobs} jobs of 100 items, one worker"
    return [
        _row(name, 0.5, taken, "apply", "items/s"),
        _doubled("two workers against one", Goal(), taken["two"], taken["apply"]),
        _doubled(
            "two workers against one, each serving one account at a time",
            Goal(least=1.6),
            taken["two, one by one"],
            taken["one by one"],
        ),
    ]


def _doubled(name: str, goal: Goal, two: list[Sample], one: list[Sample]) -> Row:
    return Row(f"PostgreSQL: {name}", goal, "items/s", "one", two, one)


def _keep_jobs(url: str, own: Path, jobs: int) -> None:
    """Post jobs, and keep them in tables from which they can be taken again and again."""
    keys = accepting.keys(url, _ACCOUNTS)
    with servers.serving(url, own, "--worker", "off") as served:
        applying.post(served, keys, jobs)
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute("create table kept_jobs as select * from jobs")
        raw.execute("create table kept_operations as select * from job_operations")


def _emptied(raw: psycopg.Connection) -> None:
    raw.execute("truncate jobs, job_operations, items, items_grams")
    raw.execute("vacuum analyze")
    raw.execute("checkpoint")


def _drained(url: str, own: Path, jobs: int, workers: int, *flags: str) -> Piece:
    """Let workers that wait already apply jobs, from the first that is complete to the last."""
    with psycopg.connect(url, autocommit=True) as raw:
        _emptied(raw)
        with running_workers(url, own, workers, *flags) as processes:
            with raw.transaction():
                raw.execute("insert into jobs select * from kept_jobs")
                raw.execute("insert into job_operations select * from kept_operations")
            _left_at_most(raw, jobs - 1)
            computed, watch = sum(map(cores.used, processes)), cores.Watch()
            before = _left(raw)
            _left_at_most(raw, 0)
            took, spent = watch.seconds, sum(map(cores.used, processes)) - computed
        (applied,) = raw.execute("select count(*) from items").fetchone() or (0,)
        assert applied == jobs * catalog.OPERATIONS, applied
    return Piece(before * catalog.OPERATIONS, took, spent)


def _left(raw: psycopg.Connection) -> int:
    row = raw.execute("select count(*) from jobs where completed_at is null").fetchone()
    assert row is not None
    return int(row[0])


def _left_at_most(raw: psycopg.Connection, most: int) -> None:
    end = time.monotonic() + _DEADLINE_SECONDS
    while _left(raw) > most:
        if time.monotonic() > end:
            raise RuntimeError("the jobs were never applied")
        time.sleep(_LOOK_SECONDS)


@contextmanager
def running_workers(url: str, own: Path, number: int, *flags: str) -> Iterator[list[int]]:
    """Run workers on all cores until the block ends; give their processes."""
    command = servers.program("work", "--database", url, *flags)
    with ExitStack() as stack:
        started = []
        for place in range(number):
            home = own / f"worker-{place}"
            home.mkdir(exist_ok=True)
            process = stack.enter_context(servers.running(command, home, cores.ALL))
            started.append((process, home))
        for process, home in started:
            servers.first_line(process, home)
        yield [process.pid for process, _ in started]


Batches = list[tuple[list[Any], list[Any]]]


def _rows_of(url: str) -> Batches:
    """Give the rows as they were written, and those of their index, a hundred at a time."""
    with psycopg.connect(url) as raw:
        items = raw.execute(
            "select account, number, external_id, title, published, search_text, attributes"
            " from items order by number"
        ).fetchall()
    words = [
        (account, number, search.indexed_words(POSTGRES, account, text))
        for account, number, _, _, _, text, _ in items
    ]
    starts = range(0, len(items), catalog.OPERATIONS)
    end = catalog.OPERATIONS
    return [(items[start : start + end], words[start : start + end]) for start in starts]


def _upserted(url: str, batches: Batches) -> Piece:
    """Write rows that are ready, a hundred items in a transaction, as many at a time as ours."""
    with psycopg.connect(url, autocommit=True) as raw:
        _emptied(raw)
        waiting = iter(batches)
        with ExitStack() as stack:
            opened = [stack.enter_context(psycopg.connect(url)) for _ in range(CONCURRENCY)]
            with cores.pinned(cores.SERVER):
                watch = cores.Watch()
                _together([partial(_write, each, waiting) for each in opened])
                took, computing = watch.seconds, watch.computing
        (held,) = raw.execute("select count(*) from items").fetchone() or (0,)
    written = sum(len(items) for items, _ in batches)
    assert held == written, held
    return Piece(written, took, computing)


def _write(raw: psycopg.Connection, waiting: Iterator[tuple[list[Any], list[Any]]]) -> None:
    with raw.cursor() as cursor:
        for items, words in waiting:
            cursor.executemany(UPSERT, items)
            cursor.executemany(INDEX, words)
            raw.commit()


def _together(work: list[Callable[[], None]]) -> None:
    """Do several pieces of work at once, each in a thread."""
    threads = [threading.Thread(target=each) for each in work]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
