"""The laws of a database: what holds between its rows, as statements that find what breaks it.

Each law is one statement for both engines. It gives the rows that break the law: the account, and
what to call the row by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import JOB_KINDS, KINDS
from backroom.store import linkage
from backroom.store.move import CATALOG_TABLES, SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.dialects import Dialect


class Law(NamedTuple):
    """What must hold: its name, what is said of rows that break it, and what to do about them.

    `broken` makes the statement that finds them.
    """

    name: str
    words: str
    advice: str
    broken: Callable[[Dialect], str]


_RESTORE = "Restore a backup from before, or delete these resources and create them again."
_SWEPT = "They show nowhere. A backup from before lacks them."
_NOT_RESTORED = "Do not restore these snapshots: delete them, and save them again."
_HEXADECIMAL = "0123456789abcdef"
_JOB_STATUSES = "'queued', 'processing', 'complete', 'cancelled'"
_JOB_TYPES = ", ".join(f"'{each}'" for each in JOB_KINDS)
_ENDED = "'complete', 'cancelled'"


def _fixed(sql: str) -> Callable[[Dialect], str]:
    return lambda _: sql


def _stale_linkage(name: str) -> Callable[[Dialect], str]:
    return lambda dialect: linkage.stale(dialect, KINDS[name])


def _without_account(table: str) -> Law:
    return Law(
        f"account of {table}",
        f"rows of {table} belong to no account",
        "No key opens them. Restore a backup that has the account.",
        _fixed(
            f"select account, account from (select distinct account from {table}) as found"
            " where not exists (select 1 from accounts where accounts.account = found.account)"
        ),
    )


def _without_snapshot(table: str) -> Law:
    return Law(
        f"snapshot of {table}",
        f"rows of {SNAPSHOT}{table} belong to no snapshot",
        _SWEPT,
        _fixed(
            "select account, snapshot_id from"
            f" (select distinct account, snapshot_id from {SNAPSHOT}{table}) as found"
            " where not exists"
            " (select 1 from snapshots where snapshots.snapshot_id = found.snapshot_id)"
        ),
    )


def _of_other_account(table: str) -> Law:
    return Law(
        f"account of {SNAPSHOT}{table}",
        f"rows of {SNAPSHOT}{table} are of another account than their snapshot",
        _NOT_RESTORED,
        _fixed(
            f"select found.account, name from (select distinct account, snapshot_id from"
            f" {SNAPSHOT}{table}) as found join snapshots using (snapshot_id)"
            " where snapshots.account <> '*' and snapshots.account <> found.account"
        ),
    )


def _copied_part(table: str, number: str, owners: str, name: str) -> Law:
    """Make the law that rows of a snapshot refer only to rows of the same snapshot."""
    emptied = (
        f" and not exists (select 1 from {SNAPSHOT}emptied_categories as e where"
        " e.snapshot_id = r.snapshot_id and e.account = r.account"
        " and e.category_number = r.category_number)"
    )
    return Law(
        f"{owners} of {SNAPSHOT}{table}",
        f"rows of {SNAPSHOT}{table} lead to {owners} that their snapshot does not have",
        _NOT_RESTORED,
        _fixed(
            f"select account, {name} from {SNAPSHOT}{table} as r where {number} is not null"
            f" and not exists (select 1 from {SNAPSHOT}{owners} as o where"
            " o.snapshot_id = r.snapshot_id and o.account = r.account"
            f" and o.number = r.{number}){emptied if owners == 'categories' else ''}"
        ),
    )


_OF_CATALOG = (
    Law(
        "items of variants",
        "variants belong to items that do not exist",
        _RESTORE,
        _fixed(
            "select account, external_id from variants as v where item_number is not null"
            " and not exists (select 1 from items"
            " where items.account = v.account and items.number = v.item_number)"
        ),
    ),
    Law(
        "items of links",
        "links of categories lead to items that do not exist",
        "Replace the items of these categories: a PATCH of the relationship renews the links.",
        _fixed(
            "select account, item_external_id from item_categories as l where not exists"
            " (select 1 from items as i where i.account = l.account and i.number = l.item_number)"
        ),
    ),
    Law(
        "categories of links",
        "links of items lead to categories that do not exist and were not deleted",
        "Replace the categories of these items: a PATCH of the relationship renews the links.",
        _fixed(
            "select account, item_external_id from item_categories as l where not exists"
            " (select 1 from categories as c where c.account = l.account"
            " and c.number = l.category_number) and not exists"
            " (select 1 from emptied_categories as e where e.account = l.account"
            " and e.category_number = l.category_number)"
        ),
    ),
    Law(
        "names in links",
        "links name their items wrongly",
        "Replace the categories of these items: a PATCH of the relationship renews the links.",
        _fixed(
            "select l.account, l.item_external_id from item_categories as l join items as i"
            " on i.account = l.account and i.number = l.item_number"
            " where l.item_external_id <> i.external_id"
        ),
    ),
    Law(
        "emptied categories",
        "categories exist that are noted as deleted, so their links are being removed",
        "Stop the server, and restore a backup from before.",
        _fixed(
            "select c.account, c.external_id from emptied_categories as e join categories as c"
            " on c.account = e.account and c.number = e.category_number"
        ),
    ),
    *(
        Law(
            f"linkage of {kind.table}",
            f"{kind.table} show other related resources in old revisions than they have",
            "Replace the relationship of these resources, which updates the ids that answers show.",
            _stale_linkage(kind.name),
        )
        for kind in KINDS.values()
    ),
)
_OF_JOBS = (
    Law(
        "status of jobs",
        "jobs are in a status that does not exist",
        _RESTORE,
        _fixed(f"select account, job_id from jobs where status not in ({_JOB_STATUSES})"),
    ),
    Law(
        "type of jobs",
        "jobs are of a type that this version does not know",
        "A later version has accepted them. Run it, or wait until they have expired.",
        _fixed(f"select account, job_id from jobs where type not in ({_JOB_TYPES})"),
    ),
    Law(
        "end of jobs",
        "jobs have ended without a time of their end, or have one and go on",
        "Wait until these jobs have expired, and send their operations again.",
        _fixed(
            "select account, job_id from jobs"
            f" where (completed_at is not null) <> (status in ({_ENDED}))"
        ),
    ),
    Law(
        "counts of jobs",
        "jobs count other operations than they have",
        "Read the catalog to see which operations were applied: these jobs do not show it.",
        _fixed(
            "select account, job_id from jobs where total_count < 0 or completed_count < 0"
            " or failed_count < 0 or completed_count + failed_count > total_count"
            " or (status = 'complete' and completed_count + failed_count <> total_count)"
        ),
    ),
    Law(
        "operations of jobs in progress",
        "jobs in progress have lost their operations",
        "They will end with all their operations failed. Send these again.",
        _fixed(
            "select account, job_id from jobs where completed_at is null and not exists"
            " (select 1 from job_operations as o"
            " where o.account = jobs.account and o.job_id = jobs.job_id)"
        ),
    ),
    Law(
        "jobs of operations",
        "operations are kept of jobs that do not exist",
        "Nobody applies or shows them.",
        _fixed(
            "select account, job_id from job_operations as o where not exists"
            " (select 1 from jobs where jobs.account = o.account and jobs.job_id = o.job_id)"
        ),
    ),
)
_OF_OTHERS = (
    *(_without_account(each) for each in ("keys", "items", "variants", "categories", "jobs")),
    Law(
        "events of subscriptions",
        "subscriptions have the time of an event without the event, or the other way round",
        "Delete these subscriptions, and make them again.",
        _fixed(
            "select account, subscription_id from subscriptions"
            " where (delivered_at is null) <> (event_id is null)"
        ),
    ),
    Law(
        "hashes of keys",
        "keys have a hash or a hint that no key can have, so nothing opens them",
        "Revoke these keys, and make others: `backroom keys create`.",
        _fixed(
            "select account, name from keys where length(hash) <> 64"
            f" or trim(hash, '{_HEXADECIMAL}') <> '' or length(hint) not between 1 and 4"
        ),
    ),
    *(_without_snapshot(table.name) for table in CATALOG_TABLES),
    *(_of_other_account(table.name) for table in CATALOG_TABLES),
    _copied_part("variants", "item_number", "items", "external_id"),
    _copied_part("item_categories", "item_number", "items", "item_external_id"),
    _copied_part("item_categories", "category_number", "categories", "item_external_id"),
)
LAWS: tuple[Law, ...] = (*_OF_CATALOG, *_OF_JOBS, *_OF_OTHERS)
