"""PostgreSQL alone: a pool, tries that are made again, connections that are lost."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import psycopg
import pytest

from backroom.jobs.lifecycle import Status
from backroom.jobs.submit import new_job
from backroom.store import open_database
from backroom.store.database import StoreUnavailable, WriteTooSlow
from backroom.store.dialects import POSTGRES
from backroom.store.postgresql import database as databases
from backroom.store.postgresql import driver
from backroom.store.postgresql.database import PostgresDatabase
from support.engines import end_sessions
from support.factories import DEADLINE, a_kind_of_job, on_loop, written
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from backroom.store.database import Row, Transaction
    from backroom.store.jobs import NewJob

pytestmark = pytest.mark.slow

T = TypeVar("T")

PROCESSING = Status.PROCESSING
FEW_TRIES = 4
NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def numbers(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with one table of one column."""
    database = PostgresDatabase(postgres_url, connections=4)
    written(database, lambda tx: tx.script("create table numbers (n integer unique)"))
    yield database
    database.close()


@pytest.fixture
def catalog(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with today's schema, and two threads that read."""
    migrated = open_database(postgres_url)
    migrated.close()
    with closing(PostgresDatabase(postgres_url, connections=4)) as opened:
        yield opened


def add(number: int) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run("insert into numbers values (:n)", n=number)
        return number

    return work


def visible(database: PostgresDatabase) -> list[int]:
    with database.read() as tx:
        return [row[0] for row in tx.all("select n from numbers order by n")]


def test_result_comes_after_the_commit(numbers: PostgresDatabase) -> None:
    assert written(numbers, add(1)) == 1
    with psycopg.connect(numbers.url) as other:
        assert other.execute("select n from numbers").fetchall() == [(1,)]


def test_failed_work_is_undone_alone(numbers: PostgresDatabase) -> None:
    def fail(tx: Transaction) -> None:
        add(1)(tx)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        written(numbers, fail)
    written(numbers, add(2))
    assert visible(numbers) == [2]


def test_taken_key_is_tried_again(numbers: PostgresDatabase) -> None:
    """Who looked before the other's commit finds its row the next time."""
    written(numbers, add(1))
    tries: list[int] = []

    def work(tx: Transaction) -> int:
        tries.append(len(tries))
        return add(len(tries))(tx)

    assert written(numbers, work) == 2
    assert tries == [0, 1]


def test_key_that_stays_taken_is_refused(numbers: PostgresDatabase) -> None:
    written(numbers, add(1))
    with pytest.raises(psycopg.errors.UniqueViolation):
        written(numbers, add(1))


def test_too_large_value_is_no_unavailable_store(numbers: PostgresDatabase) -> None:
    large = "insert into texts select string_agg(md5(n::text), '') from generate_series(1, 200) n"
    written(numbers, lambda tx: tx.script("create table texts (t text primary key)"))
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        written(numbers, lambda tx: tx.run(large))


def test_slow_write_says_so(numbers: PostgresDatabase) -> None:
    def work(tx: Transaction) -> None:
        tx.run("set local statement_timeout = '20ms'")
        tx.run("select pg_sleep(60)")

    with pytest.raises(WriteTooSlow):
        written(numbers, work)


def test_ended_session_ends_the_attempt(numbers: PostgresDatabase) -> None:
    def work(tx: Transaction) -> None:
        tx.attempt(lambda: tx.run("select pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreUnavailable):
        written(numbers, work)


def test_deadlock_is_tried_again(numbers: PostgresDatabase) -> None:
    written(numbers, lambda tx: tx.run("insert into numbers values (1), (2)"))
    both_hold_one = threading.Barrier(2)
    first_tries = threading.Semaphore(2)

    def crossing(first: int, second: int) -> Callable[[Transaction], int]:
        def work(tx: Transaction) -> int:
            touch = "update numbers set n = n where n = :n"
            tx.run(touch, n=first)
            if first_tries.acquire(blocking=False):
                both_hold_one.wait(DEADLINE)
            tx.run(touch, n=second)
            return first

        return work

    crossed = [numbers.write(crossing(1, 2)), numbers.write(crossing(2, 1))]
    assert [each.result(DEADLINE) for each in crossed] == [1, 2]


def test_serialization_failure_is_tried_again(numbers: PostgresDatabase) -> None:
    both_have_read = threading.Barrier(2)
    first_tries = threading.Semaphore(2)

    def add_the_sum(tx: Transaction) -> int:
        tx.run("set transaction isolation level serializable")
        (total,) = tx.one("select coalesce(sum(n), 0) from numbers") or (0,)
        if first_tries.acquire(blocking=False):
            both_have_read.wait(DEADLINE)
        return add(int(total) + 1)(tx)

    added = [numbers.write(add_the_sum) for _ in range(2)]
    assert sorted(each.result(DEADLINE) for each in added) == [1, 2]


def test_session_that_was_ended_is_unavailable(numbers: PostgresDatabase) -> None:
    """As the server ends it where this process has stopped in the middle."""

    def work(tx: Transaction) -> None:
        (pid,) = tx.one("select pg_backend_pid()") or (0,)
        tx.run("set idle_in_transaction_session_timeout = '10ms'")
        with psycopg.connect(numbers.url, autocommit=True) as other:
            alive = "select 1 from pg_stat_activity where pid = %s"
            until(lambda: not other.execute(alive, [pid]).fetchall(), "the end of the session")
        add(1)(tx)

    with pytest.raises(StoreUnavailable):
        written(numbers, work)
    assert visible(numbers) == []


def test_standby_is_unavailable(numbers: PostgresDatabase) -> None:
    def work(tx: Transaction) -> None:
        tx.run("set transaction read only")
        add(1)(tx)

    with pytest.raises(StoreUnavailable, match="read-only"):
        written(numbers, work)


def test_lost_connections_come_back(numbers: PostgresDatabase) -> None:
    written(numbers, add(1))
    end_sessions(numbers.url)
    assert visible(numbers) == [1]
    assert written(numbers, add(2)) == 2


def test_many_lost_connections_cost_no_wait(numbers: PostgresDatabase) -> None:
    together = threading.Barrier(4)
    for each in [numbers.write(lambda _: together.wait(DEADLINE)) for _ in range(4)]:
        each.result(DEADLINE)
    end_sessions(numbers.url)
    assert visible(numbers) == []


def test_connection_lost_at_work_undoes_it(numbers: PostgresDatabase) -> None:
    def work(tx: Transaction) -> int:
        add(1)(tx)
        end_sessions(numbers.url)
        return add(2)(tx)

    with pytest.raises(StoreUnavailable):
        written(numbers, work)
    assert visible(numbers) == []


def test_busy_pool_is_unavailable(numbers: PostgresDatabase) -> None:
    let_go, held = threading.Event(), threading.Semaphore(0)

    def hold(_: Transaction) -> bool:
        held.release()
        return let_go.wait(DEADLINE)

    holding = [numbers.write(hold) for _ in range(4)]
    assert all(held.acquire(timeout=DEADLINE) for _ in holding)
    with pytest.raises(StoreUnavailable):
        visible(numbers)
    let_go.set()
    assert all(each.result(DEADLINE) for each in holding)
    assert visible(numbers) == []


def test_threads_write_side_by_side(numbers: PostgresDatabase) -> None:
    def some(first: int) -> list[int]:
        return [written(numbers, add(first + n)) for n in range(20)]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(some, range(0, 160, 20)))
    assert visible(numbers) == list(range(160))


def test_closing_finishes_the_work(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    written(database, lambda tx: tx.script("create table numbers (n integer)"))
    futures = [database.write(add(n)) for n in range(50)]
    database.close()
    assert [each.result(0) for each in futures] == list(range(50))
    again = PostgresDatabase(postgres_url)
    assert visible(again) == list(range(50))
    again.close()


def test_closed_database_takes_nothing(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    database.close()
    with pytest.raises(StoreUnavailable):
        database.write(add(1)).result(DEADLINE)


def test_two_may_make_the_schema_at_once(postgres_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: open_database(postgres_url), range(4)))
    for each in opened:
        with each.read() as tx:
            assert tx.one("select count(*) from accounts") == (0,)
        each.close()


def test_percent_signs_and_casts_are_kept(numbers: PostgresDatabase) -> None:
    with numbers.read() as tx:
        assert tx.one("select '100%', 7 % 4, '5'::integer, :n", n="%s") == ("100%", 3, 5, "%s")


@pytest.mark.slow
def test_unreachable_server_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="can't be reached"):
        open_database(NOBODY)


@pytest.mark.slow
def test_stuck_writer_stops_nobody_for_ever(numbers: PostgresDatabase) -> None:
    lock = str(POSTGRES.exclusive).replace(":what", "'one'")
    with psycopg.connect(numbers.url) as stuck:
        stuck.execute(lock)
        with pytest.raises(StoreUnavailable):
            written(numbers, lambda tx: tx.exclusively("one"))
    written(numbers, lambda tx: tx.exclusively("one"))


@pytest.mark.slow
def test_absent_client_loses_its_account(numbers: PostgresDatabase) -> None:
    """The server does not take it for idle: more of its pipeline may be on the way."""

    def held() -> bool:
        with numbers.read() as tx:
            return tx.one("select 1 from pg_locks where locktype = 'advisory'") is not None

    with closing(psycopg.connect(numbers.url, autocommit=True)) as absent:
        absent.pgconn.enter_pipeline_mode()
        for each in ("begin", str(POSTGRES.exclusive).replace(":what", "'one'")):
            absent.pgconn.send_query_params(each.encode(), None)
        absent.pgconn.flush()
        until(held, "the absent client to hold the account")
        tries = [is_refused(numbers, lambda tx: tx.exclusively("one")) for _ in range(FEW_TRIES)]
    assert (tries[0], tries[-1]) == (True, False)


def is_refused(database: PostgresDatabase, work: Callable[[Transaction], None]) -> bool:
    try:
        written(database, work)
    except StoreUnavailable:
        return True
    return False


def test_other_accounts_do_not_wait(numbers: PostgresDatabase) -> None:
    def nested(tx: Transaction) -> bool:
        tx.exclusively("one")
        written(numbers, lambda tx: tx.exclusively("two"))
        return True

    assert written(numbers, nested)


def job(number: int = 0) -> NewJob:
    """A job of one of a few accounts."""
    return new_job(f"account {number % 3}", a_kind_of_job("item", "create"), "[]", 1, PROCESSING)


def run(database: PostgresDatabase, scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something on an event loop once there are pipelined connections of both kinds."""

    async def whole() -> T:
        end = time.monotonic() + DEADLINE
        while not (database._reading.pipelines and database._writing.pipelines):  # noqa: SLF001
            await read(database, "select 1")
            await database.accept(job(), 0)
            assert time.monotonic() < end
        return await scenario()

    return asyncio.run(whole())


def read(database: PostgresDatabase, sql: str, **values: Any) -> asyncio.Future[list[Row]]:
    def work() -> list[Row]:
        with database.read() as tx:
            return tx.all(sql, **values)

    return on_loop(database, work)


def running(url: str, text: str) -> int:
    """How many copies of a statement the server runs."""
    with psycopg.connect(url, autocommit=True) as other:
        return other.execute(
            "select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()"
            " and datname = current_database() and query like %s",
            [f"%{text}%"],
        ).rowcount


def test_slow_read_runs_once_at_a_time(catalog: PostgresDatabase) -> None:
    async def scenario() -> tuple[list[Row], set[int]]:
        slow = read(catalog, "select 5 from pg_sleep(1)")
        copies = set()
        while not slow.done():
            copies.add(await asyncio.to_thread(running, catalog.url, "pg_sleep"))
        return await slow, copies

    rows, copies = run(catalog, scenario)
    assert rows == [(5,)]
    assert max(copies) == 1


def test_neighbours_of_a_slow_read_go_on(catalog: PostgresDatabase) -> None:
    """Those asked in the same turn of the loop, before it and behind it, and those asked later."""

    async def scenario() -> list[list[Row]]:
        first = read(catalog, "select 0")
        slow = [read(catalog, f"select {n} from pg_sleep(1)") for n in range(2)]
        rows = await asyncio.gather(first, *(read(catalog, f"select {n}") for n in range(1, 20)))
        rows += [await read(catalog, f"select {n}") for n in range(20, 40)]
        assert not any(each.done() for each in slow)
        assert await asyncio.gather(*slow) == [[(0,)], [(1,)]]
        return rows

    assert run(catalog, scenario) == [[(n,)] for n in range(40)]


def test_slow_text_shares_no_more_until_quick(catalog: PostgresDatabase) -> None:
    text = "select 1 from pg_sleep(:seconds)"

    async def scenario() -> list[bool]:
        found = []
        for seconds in (0.0, 0.2, 0.2, 0.0):
            await read(catalog, text, seconds=seconds)
            found.append(text in catalog._slow)  # noqa: SLF001
        return found

    assert run(catalog, scenario) == [False, True, True, False]


def test_endless_read_is_unavailable(
    catalog: PostgresDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(databases, "READ_SECONDS", 0.3)

    async def scenario() -> None:
        with pytest.raises(StoreUnavailable, match=r"statement timeout; statement: endless"):
            await read(catalog, "-- endless\nselect pg_sleep(60)")

    run(catalog, scenario)
    assert running(catalog.url, "pg_sleep") == 0
    assert "'endless' failed" in caplog.text


def test_reads_do_not_queue_for_ever(
    catalog: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "WAIT_SECONDS", 0.1)

    async def scenario() -> list[list[Row] | BaseException]:
        slow = [read(catalog, f"select {n} from pg_sleep(0.5)") for n in range(4)]
        return await asyncio.gather(*slow, return_exceptions=True)

    found = run(catalog, scenario)
    # Two threads read. Which reads reach them first, the event loop does not say.
    assert sum(isinstance(each, StoreUnavailable) for each in found) == 2


def test_lost_read_is_asked_again(catalog: PostgresDatabase) -> None:
    async def scenario() -> list[Row]:
        asked = read(catalog, "select 7")
        for each in catalog._reading.pipelines:  # noqa: SLF001
            each.lose("the test says so")
        return await asked

    assert run(catalog, scenario) == [(7,)]


def test_suspended_reads_do_not_write(catalog: PostgresDatabase) -> None:
    def work() -> None:
        with catalog.read() as tx:
            tx.insert("items", ["number"], [(1,)])

    async def scenario() -> None:
        with pytest.raises(TypeError, match="can't write"):
            await on_loop(catalog, work)

    run(catalog, scenario)


def accepted(database: PostgresDatabase) -> int:
    with database.read() as tx:
        return len(tx.all("select job_id from jobs"))


def test_accepted_job_is_committed(catalog: PostgresDatabase) -> None:
    async def scenario() -> list[int]:
        return [(await catalog.accept(job(n), 500), accepted(catalog))[1] for n in range(10)]

    assert run(catalog, scenario) == list(range(1, 11))


def test_more_jobs_than_pipelines_are_accepted(catalog: PostgresDatabase) -> None:
    async def scenario() -> list[str | None]:
        return await asyncio.gather(*(catalog.accept(job(n), 500) for n in range(40)))

    ids = run(catalog, scenario)
    assert len(set(ids)) == 40
    assert accepted(catalog) == 40


def test_refused_acceptance_is_done_in_a_thread(catalog: PostgresDatabase) -> None:
    async def scenario() -> str | None:
        for each in catalog._writing.pipelines:  # noqa: SLF001
            text = "set default_transaction_read_only = on"
            await on_loop(catalog, partial(each.ask, text, {}))
        return await catalog.accept(job(), 500)

    assert run(catalog, scenario)
    assert accepted(catalog) == 1


def test_lost_acceptance_is_not_repeated(catalog: PostgresDatabase) -> None:
    async def scenario() -> None:
        asked = catalog.accept(job(), 500)
        for each in catalog._writing.pipelines:  # noqa: SLF001
            each.lose("the test says so")
        with pytest.raises(StoreUnavailable, match="accepted a job"):
            await asked

    run(catalog, scenario)
    assert accepted(catalog) in {0, 1}


def plain(database: PostgresDatabase) -> tuple[list[Row], str | None, bool]:
    """Read and accept on a loop; whether no pipeline was opened for it."""

    async def scenario() -> tuple[list[Row], str | None]:
        found: list[tuple[list[Row], str | None]] = [
            (await read(database, "select 1 + :n", n=1), await database.accept(job(), 500))
            for _ in range(5)
        ]
        return found[-1]

    rows, job_id = asyncio.run(scenario())
    opened = [*database._reading.pipelines, *database._writing.pipelines]  # noqa: SLF001
    return rows, job_id, not opened


def test_pipelines_can_be_turned_off(postgres_url: str) -> None:
    with closing(open_database(postgres_url, pipeline=False)) as database:
        rows, job_id, without = plain(cast("PostgresDatabase", database))
    assert (rows, bool(job_id), without) == ([(2,)], True, True)


def test_another_psycopg_costs_speed_alone(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(driver, "ABSENT", ["Transformer.load_rows"])
    with closing(open_database(postgres_url)) as database:
        rows, job_id, without = plain(cast("PostgresDatabase", database))
    assert (rows, bool(job_id), without) == ([(2,)], True, True)
    assert "lacks ['Transformer.load_rows']" in caplog.text


def test_other_loops_take_threads(catalog: PostgresDatabase) -> None:
    async def alone() -> list[Row]:
        return await read(catalog, "select 7")

    async def scenario() -> list[Row]:
        return await asyncio.to_thread(asyncio.run, alone())

    assert run(catalog, scenario) == [(7,)]
    assert run(catalog, alone) == [(7,)]


def test_mixed_reads_get_their_own_rows(catalog: PostgresDatabase) -> None:
    """Some are cancelled, some skipped, some wait: none gets what another asked for."""

    async def scenario() -> list[list[Row]]:
        texts = [f"select :n + {n % 7} from pg_sleep({n % 11 // 10 * 0.06})" for n in range(300)]
        return await asyncio.gather(*(read(catalog, text, n=n) for n, text in enumerate(texts)))

    assert run(catalog, scenario) == [[(n + n % 7,)] for n in range(300)]


def test_read_only_server_is_not_ready(postgres_url: str) -> None:
    read_only = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    with (
        closing(PostgresDatabase(read_only)) as database,
        pytest.raises(StoreUnavailable, match="takes no writes: it is a standby, or read-only"),
    ):
        database.check()


def test_looks_seldom_write(numbers: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    # Transactions can't be counted: other databases of the server raise the number, too.
    monkeypatch.setattr(databases, "_SMALLEST_WRITE", "select 1 / 0")
    written(numbers, add(1))
    for _ in range(5):
        numbers.check()


def test_failed_write_has_one_tried(
    numbers: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Transaction) -> None:
        raise psycopg.errors.DiskFull("no space left on device")

    assert isinstance(numbers.write(fail).exception(DEADLINE), StoreUnavailable)
    numbers.check()
    monkeypatch.setattr(
        databases, "_SMALLEST_WRITE", "select pg_terminate_backend(pg_backend_pid())"
    )
    assert isinstance(numbers.write(fail).exception(DEADLINE), StoreUnavailable)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            numbers.check()


def test_event_loop_looks_too(catalog: PostgresDatabase) -> None:
    assert asyncio.run(_looked(catalog)) is None


async def _looked(database: PostgresDatabase) -> None:
    await on_loop(database, database.check)
