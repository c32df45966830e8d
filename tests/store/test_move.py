"""Everything from one engine to the other, and what a move refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, KINDS, Verb
from backroom.store import (
    call_touches,
    imports,
    kept,
    keys,
    links,
    open_database,
    pages,
    records,
    snapshots,
    subscriptions,
    webhooks,
)
from backroom.store.call_touches import CallTouch
from backroom.store.imports import KeptImport
from backroom.store.move import TABLES, Differs, NotEmpty, move
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.subscriptions import NewSubscription
from store.described import columns
from support.factories import (
    ACCOUNT,
    a_complete_job,
    a_creation,
    a_deletion,
    a_kind_of_job,
    done,
    stored,
    submitted,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Row, Transaction

pytestmark = pytest.mark.slow

LINKS = 2500
"""More than two slices."""


def an_item(tx: Transaction) -> int:
    """The number of one of the source's items."""
    return min(records.numbers(tx, ITEM, ACCOUNT, ["ä", "b"]).values())


@pytest.fixture
def source(database: Database) -> Database:
    """A database of one engine with rows in every table."""
    done(
        database,
        Verb.CREATE,
        "category",
        a_creation("category", "tops"),
        a_creation("category", "x"),
    )
    done(database, Verb.CREATE, "item", a_creation("item", "ä", {"categories": ["tops"]}))
    done(database, Verb.CREATE, "item", a_creation("item", "b", title="Fünf 'Hüte'\n\\ %"))
    done(database, Verb.CREATE, "variant", a_creation("variant", "v", {"item": ["ä"]}))
    done(database, Verb.DELETE, "category", a_deletion("tops"))
    done(database, Verb.CREATE, "item", a_creation("item", "a"), account="other")
    stored(database, a_complete_job())
    submitted(database, a_kind_of_job("item", "create"), a_creation("item", "c"))
    written(database, lambda tx: keys.create(tx, "one", "test", ["catalogs:read"]))
    keys.cursor_secret(database)
    linked = range(1, LINKS)
    written(database, lambda tx: links.add(tx, ACCOUNT, "categories", {an_item(tx): linked}))
    new = NewSubscription(1, "v", '["EMAIL"]', "null")
    written(database, lambda tx: subscriptions.insert(tx, ACCOUNT, new))
    written(database, lambda tx: kept.keep_request(tx, ACCOUNT, "create_event", "", "{}"))
    written(database, lambda tx: kept.put_resource(tx, ACCOUNT, kept.LIST, "a", {"name": "All"}))
    written(database, lambda tx: kept.identify(tx, ACCOUNT, "a", ["email a"]))
    hook = written(database, lambda tx: webhooks.insert(tx, ACCOUNT, "http://hooks.example", ["a"]))
    written(database, lambda tx: webhooks.queue_event(tx, hook.webhook_id, webhooks.TEST, {}))
    kept_import = KeptImport(ACCOUNT, "1", "shop.csv", "2026-01-01", 1)
    written(database, lambda tx: imports.keep_import(tx, kept_import, "{}"))
    touch = CallTouch(ACCOUNT, "item", "b", "1", "update_catalog_item", "2026-10-15", "r", "", "{}")
    written(database, lambda tx: call_touches.add_calls(tx, [touch]))
    written(database, lambda tx: snapshots.save_snapshot(tx, ACCOUNT, "one", [ACCOUNT]))
    return database


@pytest.fixture
def target(engine: str, postgres_url: str) -> Iterator[Database]:
    """An empty database of the other engine."""
    opened = open_database(postgres_url if engine == "sqlite" else None)
    yield opened
    opened.close()


class BrokenOffError(Exception):
    """The move was broken off."""


def break_off_at(table: str) -> object:
    """Break a move off after the first slice of a table."""

    def reported(name: str, _: int) -> None:
        if name == table:
            raise BrokenOffError

    return reported


def rows(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables."""
    with database.read() as tx:
        return {
            table.name: sorted(tx.all(f"select {', '.join(table.columns)} from {table.name}"))
            for table in TABLES
        }


def untold(_: str, __: int) -> None:
    pass


def test_tables_are_those_of_the_database(database: Database) -> None:
    known = columns(database)
    derived = {f"{kind.table}_grams" for kind in KINDS.values()}
    own = {"key_changes", "schema_migrations"}
    assert known.keys() - derived == {table.name for table in TABLES} | own
    for table in TABLES:
        assert set(table.columns) == known[table.name]


def test_everything_is_moved(source: Database, target: Database) -> None:
    before = rows(source)
    assert all(before.values()), "a table of the source is empty"
    moved = move(source, target, untold)
    assert rows(target) == before == rows(source)
    assert [(each.table, each.rows) for each in moved] == [
        (name, len(held)) for name, held in before.items()
    ]
    assert "move_notes" not in columns(target)


def test_moved_texts_are_found(source: Database, target: Database) -> None:
    move(source, target, untold)
    with target.read() as tx:
        for part, found in (("fünf", ["b"]), ("hü", ["b"]), ("shirt", ["ä"]), ("\\ %", ["b"])):
            page = pages.records_page(
                tx, ITEM, ACCOUNT, RecordQuestion(size=9, parts=[part]), Columns()
            )
            assert [row[1].decode() for row in page] == found


def test_moved_catalog_can_be_changed(source: Database, target: Database) -> None:
    move(source, target, untold)
    done(target, Verb.DELETE, "item", a_deletion("ä"))
    with target.read() as tx:
        assert list(records.find(tx, ITEM, ACCOUNT, ["ä", "b"])) == ["b"]
        assert records.find(tx, KINDS["variant"], ACCOUNT, ["v"]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("table", ["accounts", "items", "item_categories", "job_operations"])
def test_broken_off_move_goes_on(source: Database, target: Database, table: str) -> None:
    with pytest.raises(BrokenOffError):
        move(source, target, break_off_at(table))  # type: ignore[arg-type]
    slices: list[tuple[str, int]] = []
    move(source, target, lambda name, count: slices.append((name, count)))
    assert rows(target) == rows(source)
    order = [each.name for each in TABLES]
    assert all(order.index(name) >= order.index(table) for name, _ in slices)
    if table == "item_categories":
        assert slices[0] == ("item_categories", 1000)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["accounts", "items", "jobs"])
def test_target_with_rows_is_refused(source: Database, target: Database, table: str) -> None:
    if table == "jobs":
        stored(target, a_complete_job())
    elif table == "items":
        done(target, Verb.CREATE, "item", a_creation("item", "own"))
    else:
        written(target, lambda tx: keys.create(tx, "own", "test", []))
    before = rows(target)
    for _ in range(2):
        with pytest.raises(NotEmpty, match=f"has rows in {table} already"):
            move(source, target, untold)
    assert rows(target) == before
    assert "move_notes" not in columns(target)


def test_somebody_else_writing_is_noticed(source: Database, target: Database) -> None:
    def change(name: str, _: int) -> None:
        if name == "jobs":
            written(source, lambda tx: tx.run("update items set title = 'changed meanwhile'"))

    with pytest.raises(Differs, match="items differs after the move"):
        move(source, target, change)
