from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.store import large_records, open_database, pages, records
from backroom.store.large_records import ROOM_BYTES
from backroom.store.linkage import LINKED_AT_MOST
from backroom.store.page_statements import LARGE_BYTES
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.records import Values
from support.factories import DEADLINE, on_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Database, Row
    from conftest import NewDatabase

ACCOUNT = "ABCDEF"
HALF, QUARTER = ROOM_BYTES // 2, ROOM_BYTES // 4


@pytest.fixture(scope="module")
def shared(new_store: NewDatabase) -> Iterator[Database]:
    """Items 1 to 9 of some sizes; item 1 has a hundred large variants, item 2 two, 3 one."""
    sizes = [10, LARGE_BYTES, LARGE_BYTES + 1, HALF, QUARTER, QUARTER, 10, 2 * ROOM_BYTES, 10]
    with closing(open_database(new_store())) as opened:
        store(opened, ITEM, [(n, size, None) for n, size in enumerate(sizes, 1)])
        owned = [(100 + n, LARGE_BYTES + 1, 1) for n in range(LINKED_AT_MOST + 9)]
        owned += [(300, HALF, 2), (301, HALF, 2), (400, 10, 3)]
        store(opened, VARIANT, owned)
        yield opened


def store(database: Database, kind: Kind, made: Sequence[tuple[int, int, int | None]]) -> None:
    columns = dict.fromkeys(kind.columns, "") | dict.fromkeys(kind.nullable, 1) | {"published": 1}
    values = [
        Values(number, f"n{number}", "x" * size, columns, "", parent)
        for number, size, parent in made
    ]
    database.write(lambda tx: records.insert(tx, kind, ACCOUNT, values)).result()


def page(database: Database, border: int, *, ascending: bool = True) -> list[Row]:
    asked = RecordQuestion(9, ascending=ascending, border=border)
    with database.read() as tx:
        rows = pages.records_page(tx, ITEM, ACCOUNT, asked, Columns())
        return large_records.filled_rows(tx, ITEM, ACCOUNT, rows)


def sizes(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return [(row[0], len(row[2])) for row in rows]


def test_pages_leave_large_attributes_out(shared: Database) -> None:
    with shared.read() as tx:
        rows = pages.records_page(tx, ITEM, ACCOUNT, RecordQuestion(9), Columns())
    assert [row[0] for row in rows if row[2] is None] == [3, 4, 5, 6, 8]


def test_page_ends_where_room_ends(shared: Database) -> None:
    held = sizes(page(shared, 0))
    assert held == [(1, 10), (2, LARGE_BYTES), (3, LARGE_BYTES + 1), (4, HALF), (5, QUARTER)]
    assert sizes(page(shared, 5)) == [(6, QUARTER), (7, 10)]
    assert sizes(page(shared, 7, ascending=False))[:2] == [(6, QUARTER), (5, QUARTER)]


def test_first_row_always_fits(shared: Database) -> None:
    assert sizes(page(shared, 7)) == [(8, 2 * ROOM_BYTES)]


def test_small_pages_stay_whole(shared: Database) -> None:
    assert sizes(page(shared, 8)) == [(9, 10)]
    assert page(shared, 9) == []


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("owners", "fitting"),
    [([1, 2, 3], 1), ([3, 4, 1, 2], 3), ([2, 3], 1), ([9, 8, 7], 3), ([2], 1)],
)
def test_owners_fit_with_what_they_include(
    shared: Database, owners: list[int], fitting: int, *, turned: bool
) -> None:
    rows: list[Row] = [(number,) for number in owners]
    with shared.read() as tx:
        kept, found = large_records.with_included(tx, ITEM, ACCOUNT, rows, Columns(), turned=turned)
    assert kept == rows[:fitting]
    first = {1: [100 + n for n in range(LINKED_AT_MOST)], 2: [300, 301], 3: [400]}
    named = [number for (number,) in (kept[::-1] if turned else kept)]
    assert [row[0] for row in found] == [each for n in named for each in first.get(n, [])]
    assert all(row[2] for row in found)


def done_on_loop(database: Database, read: Callable[[], list[Row]]) -> bool:
    """Whether what follows a read is done by the event loop itself; if not, the loop goes on."""
    gate = threading.Event()

    async def serve() -> bool:
        def work() -> bool:
            read()
            if threading.current_thread() is here:
                return True
            assert gate.wait(DEADLINE), "the loop does not go on"
            return False

        here = threading.current_thread()
        done = on_loop(database, work)
        asyncio.get_running_loop().call_soon(gate.set)
        return await done

    return asyncio.run(serve())


def test_large_pages_leave_the_loop(shared: Database) -> None:
    assert not done_on_loop(shared, lambda: page(shared, 3))
    assert not done_on_loop(shared, lambda: page(shared, 7))


def test_small_pages_stay_on_the_loop(shared: Database) -> None:
    assert done_on_loop(shared, lambda: page(shared, 8))


def test_large_included_leave_the_loop(shared: Database) -> None:
    def read() -> list[Row]:
        with shared.read() as tx:
            return large_records.with_included(tx, ITEM, ACCOUNT, [(2,)], Columns())[1]

    assert not done_on_loop(shared, read)


def test_many_small_included_all_come(new_store: NewDatabase) -> None:
    with closing(open_database(new_store())) as opened:
        store(opened, ITEM, [(n, 10, None) for n in range(1, 31)])
        store(opened, VARIANT, [(100 * n + k, 10, n) for n in range(1, 31) for k in range(90)])
        rows: list[Row] = [(number,) for number in range(1, 31)]
        with opened.read() as tx:
            kept, found = large_records.with_included(tx, ITEM, ACCOUNT, rows, Columns())
    assert (kept, len(found)) == (rows, 2700)
