"""One writer that groups work into commits, and readers that never wait for it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw
import pytest

from backroom.store import sqlite
from backroom.store.database import StoreUnavailable, TookTooLong
from backroom.store.sqlite import MOST_WORK_IN_A_COMMIT, SqliteDatabase
from support.factories import DEADLINE, on_loop, written
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database, Transaction


T = TypeVar("T")


class OwnError(Exception):
    """What a piece of work raises."""


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """A database on disk with one table of one column."""
    database = SqliteDatabase(tmp_path / "numbers.db")
    written(database, lambda tx: tx.script("create table numbers (n integer unique)"))
    yield database
    database.close()


def add(number: int) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run("insert into numbers values (:n)", n=number)
        return number

    return work


def add_and_fail(number: int) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        add(number)(tx)
        raise OwnError(number)

    return work


def visible(database: Database) -> list[int]:
    with database.read() as tx:
        return [row[0] for row in tx.all("select n from numbers order by n")]


@contextmanager
def writer_held(database: Database) -> Iterator[None]:
    """Keep the writer busy, so that what is written meanwhile queues up."""
    held, let_go = threading.Event(), threading.Event()

    def hold(_: Transaction) -> bool:
        held.set()
        return let_go.wait(DEADLINE)

    holding = database.write(hold)
    assert held.wait(DEADLINE)
    yield
    let_go.set()
    assert holding.result(DEADLINE)


def test_result_comes_after_the_commit(numbers: SqliteDatabase) -> None:
    assert numbers.write(add(1)).result(DEADLINE) == 1
    other = apsw.Connection(numbers.path)
    assert other.execute("select n from numbers").fetchall() == [(1,)]
    other.close()


def test_queued_work_shares_a_commit(numbers: SqliteDatabase) -> None:
    def look(_: Transaction) -> list[int]:
        return visible(numbers)

    with writer_held(numbers):
        futures = [numbers.write(add(1)), numbers.write(add(2))]
        seen_by_others = numbers.write(look)
    assert [each.result(DEADLINE) for each in futures] == [1, 2]
    assert seen_by_others.result(DEADLINE) == []
    assert visible(numbers) == [1, 2]


def test_commits_hold_so_much_work(numbers: SqliteDatabase) -> None:
    def add_and_look(number: int) -> Callable[[Transaction], int]:
        def work(tx: Transaction) -> int:
            add(number)(tx)
            return len(visible(numbers))

        return work

    with writer_held(numbers):
        futures = [numbers.write(add_and_look(n)) for n in range(MOST_WORK_IN_A_COMMIT + 2)]
    committed_before = [each.result(DEADLINE) for each in futures]
    assert committed_before == [0] * MOST_WORK_IN_A_COMMIT + [MOST_WORK_IN_A_COMMIT] * 2


def test_work_is_done_in_order(numbers: SqliteDatabase) -> None:
    with writer_held(numbers):
        futures = [
            numbers.write(lambda tx, n=n: [add(n)(tx), *tx.all("select n from numbers")])  # type: ignore[misc]
            for n in (3, 1, 2)
        ]
    seen = [each.result(DEADLINE) for each in futures]
    assert [len(rows) for rows in seen] == [2, 3, 4]


def test_failed_work_is_undone_alone(numbers: SqliteDatabase) -> None:
    with writer_held(numbers):
        before, failing, after = (
            numbers.write(add(1)),
            numbers.write(add_and_fail(2)),
            numbers.write(add(3)),
        )
    assert (before.result(DEADLINE), after.result(DEADLINE)) == (1, 3)
    with pytest.raises(OwnError):
        failing.result(DEADLINE)
    assert visible(numbers) == [1, 3]


def test_broken_statements_fail_alone(numbers: SqliteDatabase) -> None:
    with writer_held(numbers):
        good, bad = numbers.write(add(1)), numbers.write(lambda tx: tx.run("no sql"))
        twice = numbers.write(add(1))
    assert good.result(DEADLINE) == 1
    for future, error in ((bad, apsw.SQLError), (twice, apsw.ConstraintError)):
        with pytest.raises(error):
            future.result(DEADLINE)
    assert visible(numbers) == [1]


def test_full_disk_fails_the_commit(numbers: SqliteDatabase) -> None:
    (pages,) = written(numbers, lambda tx: tx.one("pragma page_count")) or (0,)
    written(numbers, lambda tx: tx.all(f"pragma max_page_count = {pages}"))
    fill = "insert into numbers select value from generate_series"
    fill = "with recursive s(n) as (select 1 union all select n + 1 from s limit 20000)"
    with writer_held(numbers):
        good = numbers.write(add(-1))
        full = numbers.write(lambda tx: tx.run(f"{fill} insert into numbers select n from s"))
    for future in (good, full):
        with pytest.raises(StoreUnavailable, match="full"):
            future.result(DEADLINE)
    written(numbers, lambda tx: tx.all("pragma max_page_count = 100000"))
    assert written(numbers, add(1)) == 1
    assert visible(numbers) == [1]


def test_given_up_work_harms_nobody(numbers: SqliteDatabase) -> None:
    with writer_held(numbers):
        numbers.write(add(1)).cancel()
    assert numbers.write(add(2)).result(2.0) == 2


def test_view_does_not_change(numbers: SqliteDatabase) -> None:
    with numbers.read() as tx:
        before = tx.all("select n from numbers")
        written(numbers, add(1))
        assert tx.all("select n from numbers") == before == []
    assert visible(numbers) == [1]


def test_reading_undoes_what_it_wrote(numbers: SqliteDatabase) -> None:
    with numbers.read() as tx:
        tx.run("insert into numbers values (1)")
    assert visible(numbers) == []


LONG = "with recursive s(n) as (select 1 union all select n + 1 from s limit 100000)"


def read_on_loop(database: SqliteDatabase, work: Callable[[], T]) -> T:
    async def read() -> T:
        return await on_loop(database, work)

    return asyncio.run(read())


def test_long_read_goes_to_a_thread(
    numbers: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)
    begun = []

    def work() -> Any:
        begun.append(threading.current_thread())
        with numbers.read() as tx:
            return tx.one(f"{LONG} select count(*) from s")

    for _ in range(3):
        assert read_on_loop(numbers, work) == (100_000,)
    assert [each is threading.current_thread() for each in begun] == [True, False] * 3


def test_short_read_stays_on_the_loop(numbers: SqliteDatabase) -> None:
    assert read_on_loop(numbers, threading.current_thread) is threading.current_thread()


def test_stopped_read_leaves_no_transaction(
    numbers: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)
    used: list[Any] = []

    def work() -> list[int]:
        with numbers.read() as tx:
            used.append(tx.connection)
            tx.one(f"{LONG} select count(*) from s")
        return visible(numbers)

    assert read_on_loop(numbers, work) == []
    assert len(used) == 2
    assert not any(each.raw.in_transaction for each in used)
    written(numbers, add(1))
    assert visible(numbers) == [1]


def test_even_the_first_step_is_stopped(
    numbers: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginning and ending a transaction take steps too, which are never too late."""
    monkeypatch.setattr(sqlite, "_STEPS", 1)
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)
    written(numbers, add(1))
    for _ in range(5):
        assert read_on_loop(numbers, lambda: visible(numbers)) == [1]
        assert visible(numbers) == [1]


def test_writes_take_as_long_as_they_take(
    numbers: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)

    async def write() -> None:
        await numbers.written(lambda tx: tx.run(f"{LONG} insert into numbers select n from s"))

    asyncio.run(write())
    assert len(visible(numbers)) == 100_000


def test_reading_does_not_wait(numbers: SqliteDatabase) -> None:
    with writer_held(numbers):
        numbers.write(add(1))
        assert visible(numbers) == []


def test_readers_may_fail_and_go_on(numbers: SqliteDatabase) -> None:
    with pytest.raises(apsw.SQLError, match="no such table"), numbers.read() as tx:
        tx.all("select * from nowhere")
    with pytest.raises(OwnError), numbers.read():
        raise OwnError
    assert visible(numbers) == []


def test_threads_write_side_by_side(numbers: SqliteDatabase) -> None:
    def some(first: int) -> list[int]:
        return [written(numbers, add(first + n)) for n in range(20)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(some, range(0, 160, 20)))
    assert visible(numbers) == list(range(160))


def test_threads_read_side_by_side(numbers: SqliteDatabase) -> None:
    written(numbers, add(1))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: visible(numbers), range(40))) == [[1]] * 40


def test_other_processes_are_waited_for(numbers: SqliteDatabase) -> None:
    other = apsw.Connection(numbers.path)
    other.execute("begin immediate")
    future = numbers.write(add(1))
    assert not future.done()
    other.execute("rollback")
    assert future.result(DEADLINE) == 1
    other.close()


def test_closing_finishes_the_work(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    written(database, lambda tx: tx.script("create table numbers (n integer)"))
    with writer_held(database):
        futures = [database.write(add(n)) for n in range(100)]
        closing = threading.Thread(target=database.close)
        closing.start()
    closing.join(DEADLINE)
    assert [each.result(0) for each in futures] == list(range(100))


@pytest.mark.slow
def test_closing_waits_for_its_readers(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    closing = threading.Thread(target=database.close)
    reads, gate, loop = threading.Event(), threading.Event(), threading.current_thread()

    def read() -> tuple[list[Any], bool]:
        if threading.current_thread() is loop:
            raise TookTooLong
        with database.read() as tx:
            reads.set()
            assert gate.wait(DEADLINE)
            # Long enough for whoever closes without waiting for this.
            closing.join(0.2)
            return tx.all("select 1"), closing.is_alive()

    def takes_no_work() -> bool:
        return database.write(lambda _: None).exception(DEADLINE) is not None

    async def close_meanwhile() -> tuple[list[Any], bool]:
        answer = on_loop(database, read)
        await asyncio.to_thread(reads.wait, DEADLINE)
        closing.start()
        await asyncio.to_thread(until, takes_no_work, "the database to begin closing")
        gate.set()
        return await answer

    assert asyncio.run(close_meanwhile()) == ([(1,)], True)
    closing.join(DEADLINE)
    assert not closing.is_alive()


class EndedDuringPut:
    """A queue whose database is closed by another thread while it is given work."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._queue = database._queue  # noqa: SLF001 - the moment can't be met from outside
        self._closing = threading.Thread(target=database.close)
        self.get, self.empty = self._queue.get, self._queue.empty

    def put(self, entry: Any) -> None:
        if entry is not None:
            self._closing.start()
            # Long enough for whoever closes without waiting for this.
            self._closing.join(0.5)
        self._queue.put(entry)


@pytest.mark.slow
def test_work_given_while_closing_is_answered(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    written(database, lambda tx: tx.script("create table numbers (n integer)"))
    database._queue = EndedDuringPut(database)  # type: ignore[assignment]  # noqa: SLF001
    assert database.write(add(1)).result(5) == 1


def test_closed_database_makes_no_readers(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    database.close()
    with pytest.raises(StoreUnavailable, match="closed"), database.read():
        pass


def test_reading_survives_a_full_disk(numbers: SqliteDatabase) -> None:
    fill = "with recursive s(n) as (select 1 union all select n + 1 from s limit 20000)"

    def overfill() -> None:
        with numbers.read() as tx:
            (pages,) = tx.one("pragma page_count") or (0,)
            tx.all(f"pragma max_page_count = {pages}")
            tx.run(f"{fill} insert into numbers select n from s")

    with pytest.raises(StoreUnavailable, match="full"):
        overfill()
    assert visible(numbers) == []


def test_damaged_file_is_unavailable(numbers: SqliteDatabase) -> None:
    def fail(_: Transaction) -> None:
        raise apsw.CorruptError("database disk image is malformed")

    with pytest.raises(StoreUnavailable, match="malformed"):
        numbers.write(fail).result(DEADLINE)
    assert written(numbers, add(1)) == 1


@contextmanager
def memory_short_at_rollbacks(connection: Any) -> Iterator[None]:
    def heard(_: int, name: str | None, *__: str | None) -> int:
        if name == "ROLLBACK":
            raise apsw.NoMemError("out of memory")
        return apsw.SQLITE_OK

    connection.raw.authorizer = heard
    yield
    connection.raw.authorizer = None


def run_short_of_memory(_: Transaction) -> None:
    raise MemoryError


def test_writer_outlives_a_failed_rollback(numbers: SqliteDatabase) -> None:
    with memory_short_at_rollbacks(numbers._connection):  # noqa: SLF001 - it fails inside alone
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="out of memory"):
                numbers.write(run_short_of_memory).result(DEADLINE)
    assert written(numbers, add(1)) == 1
    assert visible(numbers) == [1]


def test_reader_outlives_a_failed_rollback(numbers: SqliteDatabase) -> None:
    with numbers.read() as tx:
        connection: Any = tx.connection
    with memory_short_at_rollbacks(connection):
        assert visible(numbers) == []
        with pytest.raises(StoreUnavailable, match="out of memory"):
            visible(numbers)
    written(numbers, add(1))
    assert visible(numbers) == [1]


def test_short_memory_is_unavailable(numbers: SqliteDatabase) -> None:
    apsw.hard_heap_limit(apsw.memory_used() + 200_000)
    try:
        big = numbers.write(lambda tx: tx.all("select hex(zeroblob(10000000))"))
        assert isinstance(big.exception(DEADLINE), StoreUnavailable)
    finally:
        apsw.hard_heap_limit(0)
    assert written(numbers, add(1)) == 1


def test_broken_commit_is_no_unavailable_store(numbers: SqliteDatabase) -> None:
    failed = numbers.write(lambda tx: tx.run("rollback")).exception(DEADLINE)
    assert isinstance(failed, apsw.SQLError)
    assert written(numbers, add(1)) == 1


def test_closed_database_takes_nothing(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "numbers.db")
    assert visible_tables(database) == []
    database.close()
    database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        database.write(add(1)).result(DEADLINE)
    with pytest.raises(StoreUnavailable):
        visible_tables(database)


def visible_tables(database: Database) -> list[Any]:
    with database.read() as tx:
        return tx.all("select name from sqlite_master")


def test_ephemeral_database_leaves_nothing() -> None:
    database = SqliteDatabase(None)
    scratch = Path(database.path).parent
    assert scratch.is_dir()
    database.close()
    assert not scratch.exists()


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 0)])
def test_durable_means_synced(tmp_path: Path, *, durable: bool, level: int) -> None:
    database = SqliteDatabase(tmp_path / "synced.db" if durable else None)
    assert written(database, lambda tx: tx.one("pragma synchronous")) == (level,)
    assert written(database, lambda tx: tx.one("pragma fullfsync")) == (int(durable),)
    assert written(database, lambda tx: tx.one("pragma journal_mode")) == ("wal",)
    database.close()


def test_files_keep_their_pages(tmp_path: Path) -> None:
    earlier = apsw.Connection(str(tmp_path / "earlier.db"))
    earlier.execute("pragma page_size = 4096; create table numbers (n integer)")
    earlier.close()
    for name, size in (("earlier", 4096), ("new", 8192)):
        database = SqliteDatabase(tmp_path / f"{name}.db")
        written(database, lambda tx: tx.script("create table if not exists numbers (n integer)"))
        assert written(database, add(1)) == 1
        assert written(database, lambda tx: tx.one("pragma page_size")) == (size,)
        database.close()


def test_databases_are_apart(tmp_path: Path) -> None:
    one, two = SqliteDatabase(tmp_path / "one.db"), SqliteDatabase(None)
    written(one, lambda tx: tx.script("create table numbers (n integer)"))
    assert visible(one) == []
    assert visible_tables(two) == []
    one.close()
    two.close()


def test_limits_compile_nothing_anew(numbers: SqliteDatabase) -> None:
    compiled: list[str | None] = []

    def heard(_: int, *names: str | None) -> int:
        compiled.append(names[0])
        return apsw.SQLITE_OK

    with numbers.read() as tx:
        connection: Any = tx.connection
        connection.raw.authorizer = heard
        for limit in (1, 2, 3):
            before = len(compiled)
            tx.all("select n from numbers where n > :n limit :limit", n=0, limit=limit)
        connection.raw.authorizer = None
    assert before == len(compiled) > 0


def test_ended_transaction_fails_one_alone(numbers: SqliteDatabase) -> None:
    written(
        numbers,
        lambda tx: tx.run(
            "create trigger ending before insert on numbers when new.n = 2"
            " begin select raise(rollback, 'ended by a trigger'); end"
        ),
    )
    with writer_held(numbers):
        before, ending, after = (numbers.write(add(number)) for number in (1, 2, 3))
    assert (before.result(DEADLINE), after.result(DEADLINE)) == (1, 3)
    with pytest.raises(apsw.ConstraintError, match="ended by a trigger"):
        ending.result(DEADLINE)
    assert visible(numbers) == [1, 3]
