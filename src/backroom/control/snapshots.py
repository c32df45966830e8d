"""Snapshots: the catalog and the jobs of an account, or of all accounts, saved by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom.control.accounts import account_id
from backroom.control.reset import empty_in_slices
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import jobs, keys, snapshots
from backroom.store.snapshots import ALL_ACCOUNTS, Snapshot

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction

_SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_WHOSE = Member(
    "account",
    f"The name or the id of an account, or {ALL_ACCOUNTS} for all; the default one without it.",
)


def save(control: Control, given: Given) -> dict[str, Any]:
    """Save the catalog and the jobs of an account, in place of a snapshot with the same name."""
    name = given.body["name"]
    if not _SNAPSHOT_NAME.fullmatch(name):
        raise ControlError(400, f"{name!r} is not a name: use up to 100 of A-Z, a-z, 0-9 and -._")

    def work(tx: Transaction) -> Snapshot:
        whose = _whose(tx, given)
        accounts = keys.accounts(tx) if whose == ALL_ACCOUNTS else [whose]
        return snapshots.save_snapshot(tx, whose, name, accounts)

    return _snapshot_document(control.database.write(work).result())


def restore(control: Control, given: Given) -> dict[str, Any]:
    """Restore the catalog and the jobs of an account from a snapshot."""

    def work(tx: Transaction) -> tuple[Snapshot, list[str], list[str]]:
        found = _found(tx, given)
        others: list[str] = []
        accounts = [found.account]
        if found.account == ALL_ACCOUNTS:
            accounts = sorted(snapshots.accounts_in(tx, found))
            others = [each for each in keys.accounts(tx) if each not in accounts]
        for each in accounts:
            snapshots.restore_snapshot(tx, found, each)
        return found, accounts, others

    found, accounts, others = control.database.write(work).result()
    for each in others:
        # It had nothing, or did not exist.
        empty_in_slices(control.database, each)
    announce = control.parts.get("announce", lambda _: None)
    with control.database.read() as tx:
        waiting = [each for each in accounts if jobs.earliest_created_of(tx, each) is not None]
    for each in waiting:
        announce(each)
    return _snapshot_document(found)


def list_all(control: Control, given: Given) -> list[dict[str, Any]]:
    """List all snapshots, or those of one account."""
    with control.database.read() as tx:
        whose = _whose(tx, given) if "account" in given.query else None
        found = snapshots.all_snapshots(tx)
    return [_snapshot_document(each) for each in found if whose in {None, each.account}]


def discard(control: Control, given: Given) -> None:
    """Delete a snapshot. The account does not change."""
    control.database.write(lambda tx: snapshots.delete_snapshot(tx, _found(tx, given))).result()


def _whose(tx: Transaction, given: Given) -> str:
    named = given.body.get("account") or given.query.get("account")
    return ALL_ACCOUNTS if named == ALL_ACCOUNTS else account_id(tx, given)


def _found(tx: Transaction, given: Given) -> Snapshot:
    found = snapshots.find_snapshot(tx, _whose(tx, given), given.path["name"])
    if found is None:
        raise ControlError(
            404,
            f"The account has no snapshot {given.path['name']!r}. GET /_backroom/snapshots lists"
            " all of them, with their accounts.",
        )
    return found


def _snapshot_document(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "account": snapshot.account,
        "created_at": snapshot.created_at,
    }


ROUTES = (
    ControlRoute(
        "POST",
        "/snapshots",
        "Save the catalog and the jobs of an account by a name, in place of an earlier snapshot.",
        save,
        201,
        body=(Member("name", "The name of the snapshot.", required=True), _WHOSE),
    ),
    ControlRoute(
        "GET",
        "/snapshots",
        "All snapshots, oldest first.",
        list_all,
        query=(Member("account", "Only those of this account."),),
    ),
    ControlRoute(
        "POST",
        "/snapshots/{name}/restore",
        "Restore the catalog and the jobs of an account from a snapshot.",
        restore,
        body=(_WHOSE,),
    ),
    ControlRoute(
        "DELETE",
        "/snapshots/{name}",
        "Delete a snapshot. The account does not change.",
        discard,
        204,
        query=(_WHOSE,),
    ),
)
