"""The embedded worker on real databases. Each test waits on the worker's own steps."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import Verb
from backroom.jobs import embedded_worker, lifecycle
from backroom.jobs.embedded_worker import EmbeddedWorker
from backroom.jobs.lifecycle import LIFETIME, MOST_TRIES, Status
from backroom.jobs.next_job import STEPS, NextJob
from backroom.store.database import StoreUnavailable
from support.factories import (
    ACCOUNT,
    DEADLINE,
    a_complete_job,
    a_creation,
    a_deletion,
    a_job,
    a_kind_of_job,
    all_stored,
    an_update,
    done,
    found,
    refusing_rows,
    stored,
    submitted,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database, Transaction
    from backroom.store.jobs import Job

ITEMS = a_kind_of_job("item", "create")
HOUR = timedelta(hours=1)
TURN = ["claimed", "operations_read", "rows_written", "progress_written", "committed"]


class Watched:
    """A running worker, and what it did."""

    def __init__(
        self, database: Database, interrupt: Callable[[str], None], **options: Any
    ) -> None:
        self.steps: queue.Queue[str] = queue.Queue()
        self.worker = EmbeddedWorker(database, NextJob(database, on_step=self._note, **options))
        self._interrupt = interrupt

    def _note(self, step: str) -> None:
        self._interrupt(step)
        self.steps.put(step)

    def until(self, step: str, times: int = 1) -> list[str]:
        """Wait until a step was taken so many times; give all steps until then."""
        seen: list[str] = []
        while seen.count(step) < times:
            seen.append(self.steps.get(timeout=DEADLINE))
        return seen


@contextmanager
def working(
    database: Database, interrupt: Callable[[str], None] = lambda _: None, **options: Any
) -> Iterator[Watched]:
    """Run a worker until the block ends, calling `interrupt` with each of its steps."""
    watched = Watched(database, interrupt, **options)
    watched.worker.start()
    try:
        yield watched
    finally:
        watched.worker.stop()


def order_of(database: Database, submitted_jobs: list[Job], accounts: list[str]) -> list[str]:
    """The accounts in the order in which their jobs came to an end."""
    ends = [
        (found(database, job, account).completed_at, account)
        for job, account in zip(submitted_jobs, accounts, strict=True)
    ]
    return [account for _, account in sorted(ends, key=str)]


def test_earlier_jobs_are_taken_up(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    with working(database) as watched:
        assert watched.until("committed") == TURN
        assert found(database, job).status == "complete"


def test_announced_jobs_are_applied(database: Database) -> None:
    with working(database) as watched:
        for name in "ab":
            job = submitted(database, ITEMS, a_creation("item", name))
            watched.worker.announce(ACCOUNT)
            watched.until("committed")
            assert found(database, job).completed_count == 1


def test_steps_are_the_named_ones(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"), status=Status.QUEUED)
    with working(database, show_queued=True) as watched:
        assert set(watched.until("committed")) == set(STEPS)


def test_jobs_go_first_in_first_out(database: Database) -> None:
    made = submitted(database, ITEMS, a_creation("item", "a"))
    changed = submitted(database, a_kind_of_job("item", Verb.UPDATE), an_update("a", title="b"))
    gone = submitted(database, a_kind_of_job("item", Verb.DELETE), a_deletion("a"))
    with working(database) as watched:
        watched.until("committed", 3)
    counts = [found(database, job).completed_count for job in (made, changed, gone)]
    assert counts == [1, 1, 1]


def test_accounts_take_turns(database: Database) -> None:
    accounts = ["a"] * 4 + ["b"] * 2 + ["c"]
    made = [
        submitted(database, ITEMS, a_creation("item", str(n)), account=account)
        for n, account in enumerate(accounts)
    ]
    with working(database) as watched:
        watched.until("committed", len(accounts))
    assert order_of(database, made, accounts) == ["a", "b", "c", "a", "b", "a", "a"]


def test_failing_account_lets_others_by(database: Database) -> None:
    poisoned = stored(database, a_job(HOUR), account="a")
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    good = submitted(database, ITEMS, a_creation("item", "a"), account="b")
    with working(database) as watched:
        watched.until("committed")
    assert found(database, good, "b").status == "complete"
    assert found(database, poisoned, "a").status == "processing"


def test_failing_account_pauses_alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "_FIRST_TRY_PAUSE_SECONDS", 3600.0)
    for account in ("a", "c"):
        stored(database, a_job(HOUR), account=account)
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    for n in range(20):
        submitted(database, ITEMS, a_creation("item", str(n)), account="b")
    with working(database) as watched:
        steps = watched.until("committed", 20)
    # Each of the two was tried as a whole, and then operation by operation.
    assert steps.count("claimed") == 20 + 2 * 2


def test_hopeless_job_lets_the_next_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_FIRST_TRY_PAUSE_SECONDS", 0.01)
    hopeless = submitted(database, ITEMS, a_creation("item", "a"))
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    following = submitted(database, ITEMS, a_creation("item", "b"))
    with working(database) as watched:
        watched.until("committed", 2)
    assert found(database, hopeless).failed_count == 1
    assert found(database, following).completed_count == 1


def test_job_without_end_lets_the_next_go_on(database: Database) -> None:
    endless = submitted(database, ITEMS, a_creation("item", "a"))
    written(database, lambda tx: tx.run(f"update job_operations set tries = {MOST_TRIES - 1}"))
    following = submitted(database, ITEMS, a_creation("item", "b"))
    others = submitted(database, ITEMS, a_creation("item", "a"), account="other")
    refused = refusing_rows(database, "update on jobs", f"new.job_id = '{endless.job_id}'")
    with refused, working(database) as watched:
        watched.until("committed", 2)
        assert found(database, following).completed_count == 1
        assert found(database, others, "other").completed_count == 1
        assert found(database, endless) == endless


def test_pause_of_an_account_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_worker, "_RETRY_SECONDS", 0.01)
    stored(database, a_job(HOUR), account="a")
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    with working(database) as watched:
        watched.until("claimed", 2)


@pytest.mark.slow
@pytest.mark.parametrize("show_queued", [False, True])
@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING])
def test_failing_jobs_keep_their_place(
    database: Database, monkeypatch: pytest.MonkeyPatch, status: Status, *, show_queued: bool
) -> None:
    monkeypatch.setattr(embedded_worker, "_RETRY_SECONDS", 0.01)
    made = submitted(database, ITEMS, a_creation("item", "a"), status=status)
    changed = submitted(database, a_kind_of_job("item", Verb.UPDATE), an_update("a", title="b"))
    failures = iter([True, True])

    def fail_twice(step: str) -> None:
        if step == "claimed" and next(failures, False):
            raise InterruptedError

    with working(database, fail_twice, show_queued=show_queued) as watched:
        watched.until("committed", 2)
    assert [found(database, job).completed_count for job in (made, changed)] == [1, 1]


def test_failing_store_is_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    monkeypatch.setattr(embedded_worker, "_RETRY_SECONDS", 0.01)
    failures = iter([True, True])

    def fail_twice(step: str) -> None:
        if step == "claimed" and next(failures, False):
            raise StoreUnavailable("The disk is full.")

    with working(database, fail_twice) as watched:
        watched.until("committed")
    assert found(database, job).completed_count == 1


def test_failed_job_is_tried_again(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    failures = iter([True])

    def fail_once(step: str) -> None:
        if step == "rows_written" and next(failures, False):
            raise InterruptedError

    with working(database, fail_once) as watched:
        steps = watched.until("committed")
    assert steps == ["claimed", "operations_read", *TURN]
    assert found(database, job).completed_count == 1


def test_queued_jobs_are_seen_processing(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"), status=Status.QUEUED)
    seen: list[str] = []

    def look(step: str) -> None:
        if step in {"begun", "claimed"}:
            seen.append(found(database, job).status)

    with working(database, look, show_queued=True) as watched:
        watched.until("committed")
    assert seen == ["processing", "processing"]


def test_no_job_skips_processing(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"), account="b", status=Status.QUEUED)
    arrivals = iter(["a"])

    def let_another_in(step: str) -> None:
        if step == "begun":
            for account in arrivals:
                draft = a_creation("item", "a")
                submitted(database, ITEMS, draft, account=account, status=Status.QUEUED)

    with working(database, let_another_in, show_queued=True) as watched:
        steps = watched.until("committed", 2)
    assert steps.count("begun") == 2


def test_delayed_jobs_wait(database: Database) -> None:
    young = submitted(database, ITEMS, a_creation("item", "a"))
    old = stored(database, a_job(HOUR * 2), a_creation("item", "b"), account="other")
    with working(database, delay=HOUR) as watched:
        watched.until("committed")
        assert found(database, old, "other").status == "complete"
        assert found(database, young).status == "processing"


def test_jobs_of_a_clock_ahead_start(database: Database) -> None:
    job = stored(database, a_job(-HOUR), a_creation("item", "a"))
    with working(database) as watched:
        watched.until("committed")
    assert found(database, job).status == "complete"


class Counted:
    """What a worker asks of a database."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks: queue.Queue[None] = queue.Queue()
        self.writes = 0
        self._read, self._write = database.read, database.write
        monkeypatch.setattr(database, "read", self.read)
        monkeypatch.setattr(database, "write", self.write)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._read() as tx:
            yield tx
        self.looks.put(None)

    def write(self, work: Callable[[Transaction], Any]) -> Any:
        self.writes += 1
        return self._write(work)


@pytest.mark.parametrize("delay", [timedelta(0), HOUR])
def test_vain_announcements_write_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, delay: timedelta
) -> None:
    monkeypatch.setattr(embedded_worker, "_POLL_SECONDS", 0.01)
    waiting = submitted(database, ITEMS, a_creation("item", "a")) if delay else None
    counted = Counted(database, monkeypatch)
    with working(database, delay=delay) as watched:
        for _ in range(5):
            counted.looks.get(timeout=DEADLINE)
            watched.worker.announce(ACCOUNT)
    assert counted.writes == 0
    assert waiting is None or found(database, waiting) == waiting


def test_waiting_jobs_need_no_look(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(database, ITEMS, a_creation("item", "a"))
    counted = Counted(database, monkeypatch)
    with working(database, delay=HOUR) as watched:
        for _ in range(5):
            counted.looks.get(timeout=DEADLINE)
        submitted(database, ITEMS, a_creation("item", "b"))
        for _ in range(5):
            watched.worker.announce(ACCOUNT)
    assert counted.looks.empty()


def test_single_job_is_one_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(database, monkeypatch)
    with working(database) as watched:
        for _ in range(5):
            counted.looks.get(timeout=DEADLINE)
        job = submitted(database, ITEMS, a_creation("item", "a"))
        accepting = counted.writes
        watched.worker.announce(ACCOUNT)
        watched.until("committed")
    assert counted.writes == accepting + 1
    assert found(database, job).status == "complete"


def test_gone_category_is_emptied_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_worker, "_POLL_SECONDS", 0.05)
    submitted(database, ITEMS, a_creation("item", "a"))
    with working(database, delay=HOUR) as watched:
        done(database, Verb.CREATE, "category", a_creation("category", "x"))
        done(database, Verb.CREATE, "item", a_creation("item", "b", {"categories": ["x"]}))
        done(database, Verb.DELETE, "category", a_deletion("x"))
        watched.worker.announce(ACCOUNT)
        end = time.monotonic() + DEADLINE
        while emptied(database):
            assert time.monotonic() < end
            time.sleep(0.005)


def emptied(database: Database) -> list[Any]:
    with database.read() as tx:
        return tx.all("select 1 from emptied_categories")


def test_delayed_jobs_come_due(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    with working(database, delay=timedelta(milliseconds=20)) as watched:
        assert watched.until("committed") == TURN
    assert found(database, job).status == "complete"


def test_expired_jobs_are_swept(database: Database) -> None:
    old = stored(database, a_complete_job(LIFETIME + HOUR), account=an_account(database))
    young = stored(database, a_complete_job(LIFETIME - HOUR), account=an_account(database))
    submitted(database, ITEMS, a_creation("item", "a"))
    with working(database) as watched:
        watched.until("committed")
    assert kept(database, old, young) == [young.job_id]


def test_unfinished_jobs_never_expire(database: Database) -> None:
    account = an_account(database)
    late = stored(database, a_job(LIFETIME * 2), a_creation("item", "a"), account=account)
    with working(database) as watched:
        watched.until("committed")
    assert found(database, late, account).completed_count == 1


@pytest.mark.slow
def test_sweep_takes_many_slices(database: Database) -> None:
    account = an_account(database)
    rows = [a_complete_job(LIFETIME + timedelta(seconds=n + 1)) for n in range(1100)]
    all_stored(database, rows, account)
    submitted(database, ITEMS, a_creation("item", "a"))
    with working(database) as watched:
        watched.until("committed")
    assert kept(database, *rows) == []


def an_account(database: Database) -> str:
    insert = "insert into accounts values (:account, 'shop', 'now') on conflict do nothing"
    written(database, lambda tx: tx.run(insert, account=ACCOUNT))
    return ACCOUNT


def kept(database: Database, *rows: Job) -> list[str]:
    dialect = database.dialect
    sql = f"select job_id from jobs where {dialect.among('job_id', 'ids')}"
    with database.read() as tx:
        return [row[0] for row in tx.all(sql, ids=dialect.array(each.job_id for each in rows))]


def test_stop_finishes_the_running_job(database: Database) -> None:
    running = submitted(database, ITEMS, a_creation("item", "a"))
    following = submitted(database, ITEMS, a_creation("item", "b"))
    claimed, go_on = threading.Event(), threading.Event()

    def hold(step: str) -> None:
        if step == "claimed":
            claimed.set()
            assert go_on.wait(DEADLINE)

    with working(database, hold) as watched:
        assert claimed.wait(DEADLINE)
        stopping = threading.Thread(target=watched.worker.stop)
        stopping.start()
        go_on.set()
        stopping.join(DEADLINE)
    assert found(database, running).status == "complete"
    assert found(database, following).status == "processing"


def test_stopped_before_start_is_fine(database: Database) -> None:
    EmbeddedWorker(database, NextJob(database)).stop()


@pytest.mark.parametrize("step", ["claimed", "operations_read", "rows_written"])
def test_interrupted_turn_leaves_no_trace(database: Database, step: str) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    reached = threading.Event()

    def fail(taken: str) -> None:
        if taken == step:
            reached.set()
            raise InterruptedError

    with working(database, fail):
        assert reached.wait(DEADLINE)
    assert found(database, job) == job
