"""Rows of earlier versions, and the attribute that a later version stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.kinds import KINDS, Verb
from backroom.store import backfill
from backroom.store.backfill import Backfill
from support.factories import a_creation, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database

BRAND = Backfill("items", "brand", after="url", value="")


def attributes(database: Database, table: str = "items") -> list[str]:
    """The texts of all rows, the accounts one after the other, the oldest row first."""
    with database.read() as tx:
        rows = tx.all(f"select attributes from {table} order by account, number")
    return [row[0] for row in rows]


def filled(database: Database, work: Backfill = BRAND) -> list[str]:
    written(database, work.apply)
    return attributes(database, work.table)


def test_rows_get_it_in_its_place(database: Database) -> None:
    metadata = {"url": "", "brand": 1, "big": 10**20, "deep": [{"price": 1e30}]}
    done(database, Verb.CREATE, "item", a_creation("item", "ä", custom_metadata=metadata))
    (before,) = attributes(database)
    (after,) = filled(database)
    assert after == before.replace('"image_full_url"', '"brand":"","image_full_url"', 1)


@pytest.mark.parametrize("value", [None, 0, [], {}, 'a "b"'])
def test_value_is_any_json(database: Database, value: Any) -> None:
    done(database, Verb.CREATE, "category", a_creation("category", "a"))
    (after,) = filled(database, Backfill("categories", "rank", after="name", value=value))
    assert msgspec.json.decode(after)["rank"] == value


def test_second_time_changes_nothing(database: Database) -> None:
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    assert filled(database) == filled(database)


def test_rows_of_all_accounts_are_filled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "ROWS_AT_ONCE", 3)
    for account in ("a", "b", "c"):
        many = [a_creation("item", f"{account} {n}") for n in range(4)]
        done(database, Verb.CREATE, "item", *many, account=account)
    before = attributes(database)
    assert all('"brand":""' in each for each in filled(database))
    assert len(before) == 12
    assert [each.replace('"brand":"",', "") for each in attributes(database)] == before


def test_empty_tables_are_passed_over(database: Database) -> None:
    for kind in KINDS.values():
        assert filled(database, Backfill(kind.table, "brand", after="url", value="")) == []


def test_unknown_neighbours_are_refused(database: Database) -> None:
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    before = attributes(database)
    with pytest.raises(ValueError, match="not in list"):
        filled(database, Backfill("items", "brand", after="colour", value=""))
    assert attributes(database) == before


def test_files_say_no_more_than_needed() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `column`"):
        msgspec.json.decode('{"table":"items","column":"x"}', type=Backfill)
