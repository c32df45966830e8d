"""PostgreSQL alone: a pool, tries that are made again, connections that are lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.store import open_database
from backroom.store.database import StoreUnavailable
from backroom.store.dialects import POSTGRES
from backroom.store.postgres import PostgresDatabase
from engines import end_sessions
from factories import DEADLINE, written
from process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Transaction

FEW_TRIES = 4
NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def numbers(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with one table of one column."""
    database = PostgresDatabase(postgres_url, connections=4)
    written(database, lambda tx: tx.script("create table numbers (n integer unique)"))
    yield database
    database.close()


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


def test_what_comes_ahead_stays_done(numbers: PostgresDatabase) -> None:
    insert = "insert into numbers values (:n)"

    def fail(tx: Transaction) -> None:
        tx.ahead(insert, n=1)
        tx.run(insert, n=2)
        tx.ahead(insert, n=3)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        written(numbers, fail)
    assert visible(numbers) == [1]


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
    with pytest.raises(StoreUnavailable, match="duplicate key"):
        written(numbers, add(1))


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


@pytest.mark.slow
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
    lock = POSTGRES.exclusive.replace(":what", "'one'")
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
        for each in ("begin", POSTGRES.exclusive.replace(":what", "'one'")):
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
