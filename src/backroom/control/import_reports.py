"""Keeps the outcomes of imports in the database: those of the dashboard and `backroom import`.

The command leaves its report with the key that it has imported with, so it needs no token.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.api.auth import authenticate
from backroom.api.control import PREFIX
from backroom.control.accounts import account_named
from backroom.control.import_outcome import ImportOutcome, failed_import
from backroom.control.rejected_rows import MOST_REJECTED, MOST_TEXT
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.errors import Fault
from backroom.store import imports
from backroom.store.imports import KeptImport

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Database
    from backroom.store.keys import Access

MOST_REPORT = 4_000_000
"""Characters of one report."""
_LONGEST_FILE_NAME = 200
_NEEDED_SCOPE = "catalogs:write"
_NOT_ENDED_WORDS = (
    "The import has not ended: a server still loads the file, or it was killed meanwhile. Jobs"
    " that it has sent go on. If it was killed, drop the same file once more: the import then sends"
    " only what the catalog still lacks."
)


def kept_report_path(account: str, import_id: str) -> str:
    """Give the path of the page of an import that is kept."""
    return f"{PREFIX}/dashboard/catalog/import/kept/{account}/{import_id}"


def keep_report(
    database: Database, account: str, import_id: str, name: str, outcome: ImportOutcome
) -> None:
    """Keep the outcome of an import. Raises `ControlError` for one that is too large."""
    outcome = replace(outcome, ended_at=clock.timestamp(clock.now()))
    report = msgspec.json.encode(outcome).decode()
    if len(report) > MOST_REPORT or len(outcome.rejected) > MOST_REJECTED:
        raise ControlError(413, f"A report has at most {MOST_REPORT:,} characters.")
    failed = sum(each.get("failed", 0) for each in outcome.counts.values())
    _write_report(database, (account, import_id, name), failed, report)


def keep_beginning(database: Database, account: str, import_id: str, name: str) -> None:
    """Keep that an import has begun, until `keep_report` keeps its outcome.

    That stays if the server is killed meanwhile.
    """
    report = msgspec.json.encode(failed_import(_NOT_ENDED_WORDS)).decode()
    _write_report(database, (account, import_id, name), None, report)


def _write_report(
    database: Database, identity: tuple[str, str, str], failed: int | None, report: str
) -> None:
    account, import_id, name = identity
    moment = clock.timestamp(clock.now())
    kept = KeptImport(account, import_id, name[:_LONGEST_FILE_NAME], moment, failed)
    database.write(lambda tx: imports.keep_import(tx, kept, report)).result()


def found_report(
    control: Control, account: str, import_id: str
) -> tuple[KeptImport, ImportOutcome]:
    """Give an import that is kept. Raises `ControlError`."""
    with control.database.read() as tx:
        found = None if "\0" in account + import_id else imports.kept_import(tx, account, import_id)
    if found is None:
        raise ControlError(
            404,
            f"There is no import {import_id!r} of this account. The server keeps the last"
            f" {imports.MOST_REPORTS_KEPT} imports of each account.",
        )
    return found[0], msgspec.json.decode(found[1], type=ImportOutcome)


def leave_report(control: Control, given: Given) -> dict[str, Any]:
    """Keep the report that a program has made of its import."""
    account = _account_to_keep_for(control, given)
    try:
        outcome = msgspec.convert(given.body["report"], ImportOutcome)
    except msgspec.ValidationError as error:
        raise ControlError(400, f"This is not a report of an import: {error}") from None
    if any(len(each.text) > MOST_TEXT for each in outcome.rejected):
        raise ControlError(413, f"A rejected row has at most {MOST_TEXT:,} characters.")
    import_id = imports.new_import_id()
    keep_report(control.database, account, import_id, given.body["name"], outcome)
    return {"import_id": import_id, "page": kept_report_path(account, import_id)}


def _account_to_keep_for(control: Control, given: Given) -> str:
    """Give the account that the key opens, or that a caller with the token names."""
    if not given.key:
        with control.database.read() as tx:
            return account_named(tx, given.body.get("account") or "default")
    try:
        with control.database.read() as tx:
            access: Access
            access, _ = authenticate(tx, given.key, control.parts["find_key"])
    except Fault as fault:
        raise ControlError(401, fault.detail) from None
    if access.scopes is not None and _NEEDED_SCOPE not in access.scopes:
        raise ControlError(403, f"The key lacks the scope {_NEEDED_SCOPE}.")
    return access.account


def list_reports(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the imports of an account that are kept, newest first."""
    with control.database.read() as tx:
        account = account_named(tx, given.query.get("account") or "default")
        return [each._asdict() for each in imports.imports_of_account(tx, account)]


ROUTES = (
    ControlRoute(
        "POST",
        "/imports",
        "Keep the report of an import, so that the dashboard shows it. A key of the account, as"
        " the API takes it, does in place of the token.",
        leave_report,
        201,
        body=(
            Member("name", "The name of the file.", required=True),
            Member("report", "The outcome of the import.", "object", required=True),
            Member("account", "The name or the id of the account; the key's own with a key."),
        ),
        by_key=True,
    ),
    ControlRoute(
        "GET",
        "/imports",
        "The imports of an account whose reports are kept, newest first.",
        list_reports,
        query=(Member("account", "The name or the id of the account; the default without it."),),
    ),
)
