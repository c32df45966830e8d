"""What must be so after any number of deaths: over the wire, and in the rows of either engine."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.store import open_database, records
from backroom.store.dialects import SQLITE
from crash.ledger import Name
from support.client import Client
from support.wire_contract import PLURALS
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backroom.store.database import Transaction
    from crash.ledger import AcceptedJob, Ledger

ORPHANS = """
    select 'a variant without an item', external_id from variants where not exists
      (select 1 from items where account = variants.account and number = item_number)
    union all
    select 'a link without an item', cast(item_number as text) from item_categories as links
      where not exists
      (select 1 from items where account = links.account and number = item_number)
    union all
    select 'a link without a category', cast(category_number as text)
      from item_categories as links where not exists
      (select 1 from categories where account = links.account and number = category_number)
    union all
    select 'operations without a job', job_id from job_operations as waiting where not exists
      (select 1 from jobs where account = waiting.account and job_id = waiting.job_id)
"""


def hold_wire(url: str, ledgers: Sequence[Ledger]) -> None:
    """Hold every job that was answered with 202 against the ledger."""
    clients = [(Client(url, ledger.key), ledger) for ledger in ledgers]
    for client, ledger in clients:
        ledger.close(client)
    for client, ledger in clients:
        for accepted in ledger.accepted:
            _hold_job(client, ledger, accepted)


def _hold_job(client: Client, ledger: Ledger, accepted: AcceptedJob) -> None:
    includes = accepted.kind.verb != "delete"
    query = {"include": accepted.kind.plural} if includes else None
    answer = client.get(f"{accepted.kind.path}/{accepted.job_id}", query=query)
    assert answer.status == 200, f"lost job {accepted}"
    job = answer.json["data"]
    attributes = job["attributes"]
    assert attributes["status"] == "complete"
    counts = [attributes[f"{each}_count"] for each in ("completed", "failed", "total")]
    succeeded = len(accepted.changed)
    assert counts == [succeeded, accepted.failing, succeeded + accepted.failing], attributes[
        "errors"
    ]
    changed = list(dict.fromkeys(accepted.changed))
    if includes:
        linked = [each["id"] for each in job["relationships"][accepted.kind.plural]["data"]]
        assert list(dict.fromkeys(linked)) == [catalog_id(name.external_id) for name in changed]
        _hold_included(answer.json["included"], ledger, changed)


def _hold_included(included: Iterable[Any], ledger: Ledger, changed: Iterable[Name]) -> None:
    """Hold what a job includes against the ledger, as far as that is certain."""
    labels = {name: ledger.labels[name] for name in changed if ledger.labels.get(name) is not None}
    shown = {
        Name(each["type"].removeprefix("catalog-"), each["attributes"]["external_id"]): _label(
            each["attributes"]
        )
        for each in included
    }
    assert {name: label for name, label in shown.items() if name in ledger.labels} == labels


def hold_rows(url: str, ledgers: Sequence[Ledger]) -> None:
    """Hold the rows of a database that nobody works on against the ledgers."""
    database = open_database(url)
    try:
        with database.read() as tx:
            if tx.dialect is SQLITE:
                assert tx.all("pragma integrity_check") == [("ok",)]
            assert tx.all(ORPHANS) == []
            _hold_jobs(tx, ledgers)
            for ledger in ledgers:
                _hold_catalog(tx, ledger)
    finally:
        database.close()


def _hold_jobs(tx: Transaction, ledgers: Sequence[Ledger]) -> None:
    """Each job is complete, in the order of its account; none is there that nobody posted."""
    completed_at = defaultdict(list)
    failed = {}
    for account, job_id, total, completed, failing, moment in tx.all(
        "select account, job_id, total_count, completed_count, failed_count, completed_at"
        " from jobs order by account, job_id"
    ):
        assert completed + failing == total
        completed_at[account].append(moment)
        failed[job_id] = failing
    for moments in completed_at.values():
        assert all(earlier < later for earlier, later in pairwise(moments))
    accepted = {each.job_id: each.failing for ledger in ledgers for each in ledger.accepted}
    assert {job_id: failed.get(job_id) for job_id in accepted} == accepted
    assert set(failed.values()) <= {0, 1}
    assert len(failed) <= len(accepted) + sum(len(ledger.doubts) for ledger in ledgers)


def _hold_catalog(tx: Transaction, ledger: Ledger) -> None:
    """Each name is as the ledger has it; what is doubtful is as before or as after, not between."""
    account = ledger.key.split("_")[1]
    assert _labels(tx, account, ledger.labels) == ledger.labels
    for doubt in ledger.doubts:
        assert _labels(tx, account, doubt.before) in (doubt.before, doubt.after)


def _labels(tx: Transaction, account: str, names: Iterable[Name]) -> Mapping[Name, str | None]:
    """Give the labels of names as they are in the file, None where there is no row."""
    names = set(names)
    found: dict[Name, str | None] = dict.fromkeys(names)
    for resource in PLURALS:
        wanted = [name.external_id for name in names if name.resource == resource]
        for external_id, record in records.find(tx, KINDS[resource], account, wanted).items():
            found[Name(resource, external_id)] = _label(msgspec.json.decode(record.attributes))
    return found


def _label(attributes: Any) -> str:
    return str(attributes["name"] if "name" in attributes else attributes["title"])
