"""A small shop in a database: of everything a little, and nothing that breaks a law."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from backroom.catalog.kinds import Verb
from backroom.store import keys, open_to_read, snapshots
from backroom.store.move import TABLES, slices
from support.factories import a_creation, a_deletion, a_kind_of_job, done, submitted, written

if TYPE_CHECKING:
    from backroom.store.database import Database, Row


def fill(database: Database) -> str:
    """Put a small shop in an empty database, and give the id of its account."""
    account = written(database, lambda tx: keys.create(tx, "one", "test", [])).account
    for name in ("tops", "old"):
        done(database, Verb.CREATE, "category", a_creation("category", name), account=account)
    for name in ("a", "b", "c"):
        item = a_creation("item", name, {"categories": ["tops", "old"]}, title=f"Häkelhut {name}")
        done(database, Verb.CREATE, "item", item, account=account)
    for name in ("a1", "a2"):
        done(
            database,
            Verb.CREATE,
            "variant",
            a_creation("variant", name, {"item": ["a"]}),
            account=account,
        )
    written(database, lambda tx: snapshots.save_snapshot(tx, account, "before", [account]))
    done(database, Verb.DELETE, "category", a_deletion("old"), account=account)
    done(database, Verb.DELETE, "item", a_deletion("b"), account=account)
    submitted(
        database, a_kind_of_job("item", "create"), a_creation("item", "later"), account=account
    )
    return account


def held(url: str) -> dict[str, list[Row]]:
    """All rows of a database."""
    with closing(open_to_read(url)) as database, database.one_moment() as tx:
        return {table.name: [row for rows in slices(tx, table) for row in rows] for table in TABLES}


def untold(_: str, __: int, ___: int | None) -> None:
    """Takes reports of progress that nobody reads."""
