"""The imports of files: the outcome of each, with the rows that can be corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom import clock

if TYPE_CHECKING:
    from backroom.store.database import Row, Transaction

MOST_REPORTS_KEPT = 20
"""Imports of one account. The oldest make room."""


_NOT_ENDED = -1
"""In place of the number of rejected rows, while an import has not ended."""


class KeptImport(NamedTuple):
    """One import, without its report. `failed` is how many rows were rejected.

    It is None until the import has ended, so for ever if the server was killed meanwhile.
    """

    account: str
    import_id: str
    name: str
    created_at: str
    failed: int | None


_IMPORT_COLUMNS = ", ".join(KeptImport._fields)


def keep_import(tx: Transaction, kept: KeptImport, report: str) -> None:
    """Keep an import, in place of what was kept of it before, and drop the oldest of its account.

    `report` is JSON.
    """
    tx.run(
        f"insert into imports ({_IMPORT_COLUMNS}, report)"
        " values (:account, :import_id, :name, :created_at, :failed, :report)"
        " on conflict (account, import_id) do update"
        " set failed = excluded.failed, report = excluded.report",
        **kept._replace(failed=_NOT_ENDED if kept.failed is None else kept.failed)._asdict(),
        report=report,
    )
    tx.run(
        "delete from imports where account = :account and import_id <= coalesce((select import_id"
        " from imports where account = :account order by import_id desc limit 1 offset :most), '')",
        account=kept.account,
        most=MOST_REPORTS_KEPT,
    )


def new_import_id() -> str:
    """Give an id. Later ones are greater."""
    return clock.new_ulid(clock.now())


def imports_of_account(tx: Transaction, account: str) -> list[KeptImport]:
    """Give the imports of an account, newest first."""
    rows = tx.all(
        f"select {_IMPORT_COLUMNS} from imports where account = :account order by import_id desc",
        account=account,
    )
    return [_kept_import_of(row) for row in rows]


def _kept_import_of(row: Row) -> KeptImport:
    kept = KeptImport(*row)
    return kept._replace(failed=None) if kept.failed == _NOT_ENDED else kept


def kept_import(tx: Transaction, account: str, import_id: str) -> tuple[KeptImport, str] | None:
    """Give an import with its report, None if it is not kept."""
    row = tx.one(
        f"select {_IMPORT_COLUMNS}, report from imports"
        " where account = :account and import_id = :import_id",
        account=account,
        import_id=import_id,
    )
    return None if row is None else (_kept_import_of(row[:-1]), str(row[-1]))


def newest_failed_imports(tx: Transaction, most: int) -> list[KeptImport]:
    """Give the newest imports with rejected rows, of all accounts, up to `most`."""
    rows = tx.all(
        f"select {_IMPORT_COLUMNS} from imports where failed > 0"
        " order by import_id desc, account desc limit :most",
        most=most,
    )
    return [KeptImport(*row) for row in rows]


def drop_import(tx: Transaction, account: str, import_id: str) -> None:
    """Remove an import."""
    tx.run(
        "delete from imports where account = :account and import_id = :import_id",
        account=account,
        import_id=import_id,
    )
