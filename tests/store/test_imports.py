from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.store import imports
from backroom.store.imports import KeptImport
from support.factories import ACCOUNT, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def kept(database: Database, import_id: str, failed: int = 0, account: str = ACCOUNT) -> KeptImport:
    made = KeptImport(account, import_id, "shop.csv", "2026-01-01T00:00:00+00:00", failed)
    written(database, lambda tx: imports.keep_import(tx, made, f'"{import_id}"'))
    return made


def test_import_has_its_report(database: Database) -> None:
    made = kept(database, "1", 2)
    with database.read() as tx:
        assert imports.kept_import(tx, ACCOUNT, "1") == (made, '"1"')
        assert imports.kept_import(tx, "other", "1") is None


def test_later_report_replaces_the_first(database: Database) -> None:
    kept(database, "1", 2)
    later = kept(database, "1", 0)
    with database.read() as tx:
        assert imports.imports_of_account(tx, ACCOUNT) == [later]


def test_oldest_imports_make_room(database: Database) -> None:
    kept(database, "00", account="other")
    for number in range(imports.MOST_REPORTS_KEPT + 5):
        kept(database, f"{number:02}")
    with database.read() as tx:
        ids = [each.import_id for each in imports.imports_of_account(tx, ACCOUNT)]
        assert len(imports.imports_of_account(tx, "other")) == 1
    assert ids == [f"{number:02}" for number in reversed(range(5, imports.MOST_REPORTS_KEPT + 5))]


def test_failed_imports_of_all_accounts(database: Database) -> None:
    kept(database, "1", 3)
    kept(database, "2", 0)
    newest = kept(database, "3", 1, "other")
    with database.read() as tx:
        assert imports.newest_failed_imports(tx, 1) == [newest]


def test_forgotten_import_is_gone(database: Database) -> None:
    kept(database, imports.new_import_id())
    with database.read() as tx:
        (found,) = imports.imports_of_account(tx, ACCOUNT)
    written(database, lambda tx: imports.drop_import(tx, ACCOUNT, found.import_id))
    with database.read() as tx:
        assert imports.imports_of_account(tx, ACCOUNT) == []
