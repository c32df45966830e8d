"""A page takes as long at a million rows as at a thousand, because every statement walks an index
from where the page begins. Plans are read, times are not: `python -m bench requests` takes those.
"""

from __future__ import annotations

import re
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import ITEM, KINDS, Kind
from backroom.control import browse
from backroom.control.browse import CatalogQuestion
from backroom.store import (
    activity,
    job_requests,
    job_touches,
    jobs,
    keys,
    large_records,
    links,
    open_database,
    pages,
    records,
    webhooks,
)
from backroom.store.database import Transaction
from backroom.store.dialects import SQLITE
from backroom.store.job_search import JobFilter, JobPlace, find_jobs
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.sqlite_connection import SqliteConnection
from scale.stock import ACCOUNT, OTHER_ACCOUNT, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROWS = 2000
IDS = "among ids"
NARROWED = {
    "item": (IDS, "category", "other category", "letter", "word", "published"),
    "variant": (IDS, "item", "letter", "word", "published", "sku"),
    "category": (IDS, "item", "other item", "letter", "word"),
}
TABLES = "items|variants|categories|item_categories|jobs|job_operations|accounts|keys|r|l"


class Explained:
    """A connection that keeps the plan of every statement that it runs."""

    def __init__(self, path: str) -> None:
        self.real = SqliteConnection(path)
        self.plans: list[list[str]] = []

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
        rows = self.real.execute(f"explain query plan {sql}", values)
        self.plans.append([str(row[3]) for row in rows])
        return self.real.execute(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self.real.insert(table, columns, rows)

    def executemany(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self.real.executemany(sql, rows)

    def script(self, sql: str) -> None:
        self.real.script(sql)

    def ends(self, error: Exception) -> bool:
        return self.real.ends(error)

    def wait_for(self, tables: Iterable[str]) -> None:
        self.real.wait_for(tables)


class Stocked:
    """A database with rows, and how it reads them."""

    def __init__(self, path: str, numbers: dict[str, list[int]]) -> None:
        self.numbers = numbers
        self._explained = Explained(path)
        self.tx = Transaction(self._explained, SQLITE)

    @property
    def plans(self) -> list[list[str]]:
        return self._explained.plans

    def last_plan(self) -> list[str]:
        return self.plans[-1]

    def close(self) -> None:
        self._explained.real.close()

    def asked(self, narrowed: Iterable[str], **more: Any) -> RecordQuestion:
        """A page that all these conditions narrow."""
        asked = RecordQuestion(size=21, **more)
        for each in narrowed:
            self._narrow(asked, each)
        return asked

    def _narrow(self, asked: RecordQuestion, how: str) -> None:
        if how == IDS:
            asked.external_ids = [f"{kind}-{place}" for kind in KINDS for place in range(50)]
        elif how in {"letter", "word"}:
            asked.parts.append({"letter": "s", "word": "shirt"}[how])
        elif how in {"published", "sku"}:
            asked.equal[how] = {"published": 1, "sku": "S1"}[how]
        else:
            other, _, kind = how.rpartition(" ")
            asked.related.append((kind, self.numbers[kind][1 if other else 0]))


@pytest.fixture(scope="module", params=["never analyzed", "analyzed"])
def stocked(request: pytest.FixtureRequest) -> Iterator[Stocked]:
    database = open_database(None)
    numbers = fill(database, ACCOUNT, ROWS)
    fill(database, OTHER_ACCOUNT, 50)
    if request.param == "analyzed":
        database.write(lambda tx: tx.script("analyze")).result(60)
    made = Stocked(database.path, numbers)  # type: ignore[attr-defined]
    yield made
    made.close()
    database.close()


def faults(plan: list[str], *, bounded: bool, sorts: bool) -> list[str]:
    """The steps of a plan that grow with the catalog."""
    scans = re.compile(rf"SCAN ({TABLES})\b|AUTOMATIC|SCAN \w+_grams (?!.*:[M=])")
    found = [step for step in plan if scans.search(step)]
    found += [step for step in plan if "TEMP B-TREE" in step and not sorts]
    found += [step for step in plan if step.startswith("SEARCH") and step.endswith("(account=?)")]
    if bounded and not sorts and not re.search("number[<>]|:M1[<>]", plan[0]):
        found.append(f"{plan[0]} begins before the page")
    return found


def every_narrowing() -> Iterator[tuple[Kind, tuple[str, ...]]]:
    for kind in KINDS.values():
        ways = NARROWED[kind.name]
        for some in chain.from_iterable(
            combinations(ways, count) for count in range(len(ways) + 1)
        ):
            yield kind, some


@pytest.mark.parametrize(
    ("kind", "narrowed"),
    list(every_narrowing()),
    ids=lambda each: each.name if isinstance(each, Kind) else " and ".join(each) or "all",
)
@pytest.mark.parametrize("linkage", [False, True], ids=["alone", "linked"])
def test_pages_walk_an_index(
    stocked: Stocked, kind: Kind, narrowed: tuple[str, ...], *, linkage: bool
) -> None:
    for ascending in (True, False):
        for border in (None, stocked.numbers[kind.name][ROWS // 2]):
            asked = stocked.asked(narrowed, ascending=ascending, border=border)
            pages.records_page(stocked.tx, kind, ACCOUNT, asked, Columns(linkage=linkage))
            plan = stocked.last_plan()
            found = faults(plan, bounded=border is not None, sorts=IDS in narrowed)
            # The whole list begins at its end; there is nothing narrower than the account.
            whole = not narrowed and border is None
            assert found == ([plan[0]] if whole else []), plan


def test_included_are_looked_up(stocked: Stocked) -> None:
    pages.included(stocked.tx, KINDS["item"], ACCOUNT, stocked.numbers["item"][:100], Columns())
    assert faults(stocked.last_plan(), bounded=False, sorts=True) == []


def test_records_are_looked_up(stocked: Stocked) -> None:
    for kind in KINDS.values():
        for look in (records.find, records.numbers):
            assert look(stocked.tx, kind, ACCOUNT, [f"{kind.name}-1"])
            assert faults(stocked.last_plan(), bounded=False, sorts=False) == []


def test_links_are_looked_up(stocked: Stocked) -> None:
    items, categories = stocked.numbers["item"], stocked.numbers["category"]
    assert links.present(stocked.tx, ACCOUNT, "items", categories[0], items[:1]) == {items[0]}
    plans = [stocked.last_plan()]
    assert links.present(stocked.tx, ACCOUNT, "categories", items[0], categories[:1])
    for plan in [*plans, stocked.last_plan()]:
        assert "(account=? AND category_number=? AND item_number=?)" in plan[0] or (
            "(account=? AND item_number=? AND category_number=?)" in plan[0]
        ), plan


def test_sizes_of_included_are_not_sorted(stocked: Stocked) -> None:
    large_records.included_sizes(stocked.tx, ITEM, ACCOUNT, stocked.numbers["item"][:100])
    plan = stocked.last_plan()
    # A sorter would take in the texts whose lengths are asked for.
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_removed_records_are_looked_up(stocked: Stocked) -> None:
    for kind in KINDS.values():
        before = len(stocked.plans)
        records.delete(stocked.tx, kind, ACCOUNT, [0])
        for plan in stocked.plans[before:]:
            assert faults(plan, bounded=False, sorts=False) == []


@pytest.mark.parametrize("status", [None, "complete"])
@pytest.mark.parametrize("border", [None, "01K4A00000"], ids=["first page", "later page"])
@pytest.mark.parametrize("ascending", [False, True], ids=["newest first", "oldest first"])
def test_job_pages_walk_an_index(
    stocked: Stocked, status: str | None, border: str | None, *, ascending: bool
) -> None:
    asked = jobs.JobQuestion(
        "catalog-item-bulk-create-job", "01", None, status, border, ascending, 101
    )
    jobs.jobs_page(stocked.tx, ACCOUNT, asked, ("job_id",))
    (step,) = stocked.last_plan()
    name = "jobs_by_status" if status else "jobs_by_type"
    assert f"INDEX {name} " in step, step
    assert re.search("job_id[<>]", step), step


def test_worker_looks_jobs_up(stocked: Stocked) -> None:
    for look in (
        lambda: jobs.next_account(stocked.tx, "", "2026"),
        lambda: jobs.first_waiting(stocked.tx, ACCOUNT, "9999"),
        lambda: jobs.earliest_created(stocked.tx),
    ):
        look()
        plan = stocked.last_plan()
        assert "in_progress" in plan[0], plan
        assert not any("TEMP B-TREE" in step for step in plan), plan


def test_accepting_looks_jobs_up(stocked: Stocked) -> None:
    jobs.standing(stocked.tx, ACCOUNT)
    _, _, counted, _, latest = stocked.last_plan()
    assert counted.startswith("SEARCH jobs USING INDEX jobs_in_progress")
    assert latest.startswith("SEARCH jobs USING COVERING INDEX")


def test_waiting_deliveries_walk_an_index(stocked: Stocked) -> None:
    webhooks.delivery_signals(stocked.tx)
    plan = stocked.last_plan()
    assert any("COVERING INDEX webhook_deliveries_by_state (state=?)" in each for each in plan)
    assert not any("TEMP B-TREE" in each or "SCAN webhook" in each for each in plan), plan


@pytest.mark.parametrize("before", [None, "01K4A00000"], ids=["newest", "further back"])
def test_jobs_that_name_a_resource_are_bounded(stocked: Stocked, before: str | None) -> None:
    job_touches.jobs_naming(stocked.tx, ACCOUNT, "item-1", before, most=20)
    (walked,) = (each for each in stocked.last_plan() if each.startswith("SEARCH jobs "))
    assert ("COVERING INDEX" in walked, "job_id<?" in walked) == (True, bool(before))
    job_touches.jobs_between(stocked.tx, ACCOUNT, "item-1", "01", "02")
    (walked,) = (each for each in stocked.last_plan() if each.startswith("SEARCH jobs "))
    assert "job_id>? AND job_id<?" in walked
    assert not any("TEMP B-TREE" in each for each in stocked.last_plan())


def test_catalog_of_dashboard_walks_an_index(stocked: Stocked) -> None:
    for kind in KINDS.values():
        related = [{each.name: f"{each.name}-1"} for each in browse.narrowing(kind)]
        for owner in ({}, *related):
            for search, published in (("shirt", None), ("s", True), ("", False), ("item-1", None)):
                before = len(stocked.plans)
                filtered = published if "published" in kind.columns else None
                asked = CatalogQuestion(kind, 24, search, filtered, owner)
                browse.found_page(stocked.tx, ACCOUNT, asked)
                for plan in stocked.plans[before:]:
                    assert faults(plan, bounded=False, sorts=False) in ([], [plan[0]]), plan


def test_accounts_to_choose_from_are_bounded(stocked: Stocked) -> None:
    keys.some_accounts(stocked.tx, 200)
    assert not any("TEMP B-TREE" in each for each in stocked.last_plan())


def test_keys_are_looked_up(stocked: Stocked) -> None:
    assert keys.access_of(stocked.tx, f"pk_{ACCOUNT}_unknown") is None
    (step,) = stocked.last_plan()
    assert "(account=? AND hash=?)" in step


FILTERS: dict[str, Any] = {
    "account": ACCOUNT,
    "types": ("catalog-item-bulk-create-job",),
    "status": "complete",
    "text": "wrong",
    "with_failures": True,
    "least": "01A",
    "beyond": "7ZZ",
}


@pytest.mark.parametrize(
    "names",
    [some for count in range(len(FILTERS) + 1) for some in combinations(FILTERS, count)],
    ids=" and ".join,
)
def test_listed_jobs_walk_an_index(stocked: Stocked, names: tuple[str, ...]) -> None:
    for status in ("complete", "processing", "cancelled") if "status" in names else ("",):
        asked = JobFilter(**{name: FILTERS[name] for name in names} | {"status": status})
        for border in (None, JobPlace("01K4A00000", ACCOUNT)):
            for ascending in (False, True):
                before = len(stocked.plans)
                find_jobs(stocked.tx, asked, border, ascending=ascending)
                for plan in stocked.plans[before:]:
                    walk = [each for each in plan if re.search(r"(SCAN|SEARCH) jobs\b", each)]
                    assert len(walk) == 1, plan
                    _check_walk(walk[0], plan, asked, border)


def _check_walk(step: str, plan: list[str], asked: JobFilter, border: JobPlace | None) -> None:
    assert " INDEX " in step, plan
    assert not any("TEMP B-TREE" in each for each in plan), plan
    if border is not None:
        assert re.search(r"job_id|\(job_id,account\)", step), plan
    failures = asked.with_failures or asked.text
    if failures:
        assert ("jobs_failed_of_account" if asked.account else "jobs_failed ") in f"{step} ", plan
    elif asked.status == "processing":
        name = "jobs_in_progress" if asked.account else "jobs_oldest_in_progress"
        assert name in step, plan
    elif asked.status == "cancelled":
        assert "jobs_cancelled" in step, plan
    elif asked.account:
        assert "(account=?" in step, plan
    else:
        assert "jobs_newest" in step, plan


def test_kept_operations_are_walked_alone(stocked: Stocked) -> None:
    job_requests.no_longer_kept(stocked.tx, 100, 10)
    completed, failed, kept = stocked.plans[-3:]
    assert "jobs_completed" in completed[0], completed
    assert "jobs_failed" in failed[0], failed
    walk, _, look_up = kept
    assert walk.startswith("SCAN kept USING COVERING INDEX"), kept
    assert "SEARCH jobs USING INDEX" in look_up, kept
    assert "(account=? AND job_id=?)" in look_up, kept


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (activity.jobs_in_progress, ("in_progress", "jobs_oldest_in_progress")),
        (lambda tx: activity.newest_failed(tx, 5), ("jobs_failed",)),
        (lambda tx: activity.applied_since(tx, "2026"), ("jobs_completed",)),
    ],
    ids=["in progress", "failed", "applied"],
)
def test_overview_reads_an_index(stocked: Stocked, ask: Any, indexes: tuple[str, ...]) -> None:
    before = len(stocked.plans)
    ask(stocked.tx)
    plans = stocked.plans[before:]
    assert len(plans) == len(indexes)
    for plan, index in zip(plans, indexes, strict=True):
        walked = [step for step in plan if " jobs" in step]
        assert all("INDEX" in step and index in step for step in walked), plan
