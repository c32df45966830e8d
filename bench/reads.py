"""Reading jobs: one, and a page of a hundred, against the same bytes from a bare ASGI function."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.store import keys, open_database
from bench import catalog, floors, load, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, alternate, piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.load import Question
    from bench.measuring import Piece, Sample
    from bench.servers import Served
    from bench.settings import Settings

CONNECTIONS = 16
_LISTED = 150
"""Jobs in the list, of which a page shows a hundred."""
ITEMS_EACH = 3
"""Items in each of them: a page is about 64 kB then."""
_DEADLINE_SECONDS = 120.0

PAGE_OF_JOBS = (
    "select job_id, type, status, created_at, expires_at, completed_at, total_count,"
    " completed_count, failed_count, errors, linkage from jobs"
    " where account = ? and type = ? and job_id >= ? order by job_id desc limit 101"
)


def account(database: str, name: str = "bench") -> tuple[str, str]:
    """Make a key for an account, which is made too; give the account's id and the key."""
    opened = open_database(database)
    try:
        made = opened.write(lambda tx: keys.create(tx, name, "bench", [])).result()
    finally:
        opened.close()
    return made.account, made.key


def asking(
    served: Served, question: Question, settings: Settings, connections: int = CONNECTIONS
) -> Callable[[], Piece]:
    """Give what has all connections ask one question for a slice of a round."""
    streams = [[question]] * connections
    carry_out = load.prepared(Plan(served.port, streams, served.process, settings.seconds))
    return lambda: piece(carry_out())


@contextmanager
def with_jobs(database: Path) -> Iterator[tuple[Served, str, str]]:
    """Serve a database with complete jobs; give the server, the account and its key."""
    database.parent.mkdir(parents=True, exist_ok=True)
    name, key = account(str(database))
    with servers.backroom(database) as served:
        fill(served, key, database.parent / "errors.txt")
        yield served, name, key


def fill(served: Served, key: str, errors: Path) -> None:
    """Post jobs and wait until they are complete; a file has what is said where they never are."""
    stream = [
        catalog.posting(served.port, key, place * ITEMS_EACH, ITEMS_EACH)
        for place in range(_LISTED)
    ]
    load.run(Plan(served.port, [stream], most=_LISTED))
    wait_until_complete(served, key, errors)


def wait_until_complete(served: Served, key: str, errors: Path, count: int = 100) -> None:
    """Wait until the first page of jobs has so many, all complete."""
    end = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < end:
        shown = jobs_shown(served, key)
        if len(shown) == count and all(each["attributes"]["completed_at"] for each in shown):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the jobs were never complete: {errors.read_text()[-2000:]}")


def jobs_shown(served: Served, key: str) -> list[dict[str, Any]]:
    """Give the first page of jobs."""
    answer = served.get(catalog.JOBS, catalog.headers(key))
    shown: list[dict[str, Any]] = msgspec.json.decode(answer.body)["data"]
    return shown


def measured(directory: Path, settings: Settings) -> Found:
    """Measure one job at both ends of the ladder, and a page."""
    with ExitStack() as stack:
        database = directory / "reads" / "backroom.db"
        served, name, key = stack.enter_context(with_jobs(database))
        job = f"{catalog.JOBS}/{jobs_shown(served, key)[50]['id']}"
        newest, answer = catalog.reading(served, job, key)
        oldest, old_answer = catalog.reading(served, job, key, catalog.REVISIONS["oldest"])
        page, page_answer = catalog.reading(served, catalog.JOBS, key)

        def floor(title: str, **setup: Any) -> Served:
            made = floors.Setup(**setup)
            return stack.enter_context(floors.serving(directory / title, made))

        values = (name, catalog.JOB_TYPE, "0" * 26)
        bare = floor("bare", answers=[floors.fixed(job, answer)])
        bare_old = floor("bare-old", answers=[floors.fixed(job, old_answer)])
        bare_page = floor(
            "bare-page",
            answers=[floors.fixed(catalog.JOBS, page_answer, *values)],
            database=str(database),
            query=PAGE_OF_JOBS,
        )
        contestants = {
            "one, newest": asking(served, newest, settings),
            "one, newest: floor": asking(bare, newest, settings),
            "one, oldest": asking(served, oldest, settings),
            "one, oldest: floor": asking(bare_old, oldest, settings),
            "page": asking(served, page, settings),
            "page: floor": asking(bare_page, page, settings),
        }
        taken = alternate(settings, contestants)
    rows = [
        _row("GET one job, newest revision", 0.5, taken, "one, newest"),
        _row("GET one job, oldest revision", 0.5, taken, "one, oldest"),
        Row(
            "GET one job, oldest revision against newest",
            Goal(least=0.85),
            against="newest",
            ours=taken["one, oldest"],
            floor=taken["one, newest"],
        ),
        _row(f"GET a page of 100 jobs ({len(page_answer.body) // 1000} kB)", 0.65, taken, "page"),
    ]
    return Found(rows)


def _row(name: str, least: float, taken: dict[str, list[Sample]], title: str) -> Row:
    return Row(name, Goal(least=least), ours=taken[title], floor=taken[f"{title}: floor"])
