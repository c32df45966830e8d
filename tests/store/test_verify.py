"""Each law, broken by hand, is named; a sound database has no findings."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database, open_to_read
from backroom.store.laws import LAWS
from backroom.store.move import CATALOG_TABLES
from backroom.store.snapshots import save_snapshot
from backroom.store.verify import BrokenLaw, expected_indexes, found, verify, verify_at
from store.small_shop import fill, held, untold
from support.factories import written

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.store.database import Database, Transaction

BROKEN = {
    "items of variants": "update variants set item_number = 999 where external_id = 'a1'",
    "items of links": "update item_categories set item_number = 999 where item_external_id = 'a'",
    "categories of links": "delete from emptied_categories",
    "names in links": "update item_categories set item_external_id = 'z'",
    "emptied categories": (
        "insert into emptied_categories (account, category_number)"
        " select account, number from categories"
    ),
    "linkage of items": "update items set linkage = null",
    "linkage of variants": "update variants set linkage = null",
    "linkage of categories": "update categories set linkage = null",
    "status of jobs": "update jobs set status = 'resting'",
    "type of jobs": "update jobs set type = 'catalog-fish-bulk-create-job'",
    "end of jobs": "update jobs set completed_at = '2026-01-01T00:00:00+00:00'",
    "counts of jobs": "update jobs set completed_count = 7",
    "operations of jobs in progress": "delete from job_operations",
    "jobs of operations": "update job_operations set job_id = 'lost'",
    "texts of jobs": "update jobs set errors = '[{'",
    "account of keys": "update keys set account = 'nobody'",
    "account of items": "update items set account = 'nobody'",
    "account of variants": "update variants set account = 'nobody'",
    "account of categories": "update categories set account = 'nobody'",
    "account of jobs": "update jobs set account = 'nobody'",
    "events of subscriptions": (
        "insert into subscriptions (account, subscription_id, variant_number, variant_id,"
        " channels, profile, created_at, event_id) values ('a', 's', 1, 'v', '', '', '', 'e')"
    ),
    "columns of items": "update items set title = 'Other' where external_id = 'a'",
    "columns of variants": "update variants set attributes = '{' where external_id = 'a1'",
    "columns of categories": "update categories set search_text = 'other'",
    "hashes of keys": "update keys set hash = 'x' || substr(hash, 2)",
    "items of snapshot_variants": "update snapshot_variants set item_number = 999",
    "items of snapshot_item_categories": "delete from snapshot_items where external_id = 'b'",
    "categories of snapshot_item_categories": "delete from snapshot_categories",
    "columns of snapshot_items": "update snapshot_items set attributes = '{'",
    "columns of snapshot_variants": "update snapshot_variants set search_text = 'other'",
    "columns of snapshot_categories": "update snapshot_categories set name = 'other'",
}


@pytest.fixture
def shop(database: Database) -> Database:
    fill(database)
    return database


def names(database: Database) -> set[str]:
    return {each.law for each in verify(database, untold).findings}


def test_sound_database_has_no_findings(shop: Database) -> None:
    checked = verify(shop, untold)
    assert checked.findings == []
    assert checked.rows["items"] == 2
    assert checked.checks > len(LAWS)


def test_nothing_is_written(shop_url: str) -> None:
    before = held(shop_url)
    with closing(open_to_read(shop_url)) as database:
        assert verify(database, untold).findings == []
    assert held(shop_url) == before


@pytest.mark.parametrize("law", BROKEN)
def test_broken_law_is_named(shop: Database, law: str) -> None:
    written(shop, lambda tx: tx.run(BROKEN[law]))
    findings = {each.law: each for each in verify(shop, untold).findings}
    assert law in findings
    assert findings[law].advice
    assert findings[law].examples


@pytest.mark.parametrize("table", [table.name for table in CATALOG_TABLES])
def test_copies_without_a_snapshot_are_named(shop: Database, table: str) -> None:
    copies = f"snapshot_{table}"
    with shop.read() as tx:
        has_copies = tx.one(f"select 1 from {copies} limit 1") is not None
    written(shop, lambda tx: tx.run("delete from snapshots"))
    assert (f"snapshot of {table}" in names(shop)) is has_copies


@pytest.mark.parametrize("table", [table.name for table in CATALOG_TABLES])
def test_copies_of_another_account_are_named(shop: Database, table: str) -> None:
    copies = f"snapshot_{table}"
    with shop.read() as tx:
        has_copies = tx.one(f"select 1 from {copies} limit 1") is not None
    written(shop, lambda tx: tx.run(f"update {copies} set account = 'other'"))
    assert (f"account of {copies}" in names(shop)) is has_copies


@pytest.mark.parametrize("change", ["hash = substr(hash, 2)", "hash = upper(hash)", "hint = ''"])
def test_key_that_nothing_opens_is_named(shop: Database, change: str) -> None:
    written(shop, lambda tx: tx.run(f"update keys set {change}"))
    assert names(shop) == {"hashes of keys"}


@pytest.mark.parametrize("text", ["errors", "linkage"])
def test_unreadable_text_of_a_copied_job_is_named(shop: Database, text: str) -> None:
    with shop.read() as tx:
        (account,) = tx.one("select account from jobs limit 1") or ("",)
    written(shop, lambda tx: save_snapshot(tx, account, "with a job", [account]))
    written(shop, lambda tx: tx.run(f"update snapshot_jobs set {text} = '[{{'"))
    assert names(shop) == {"texts of jobs"}


def test_every_law_is_broken_here() -> None:
    ours = ("snapshot of", "account of snapshot_")
    laws = {law.name for law in LAWS if not law.name.startswith(ours)}
    assert laws <= BROKEN.keys()


def test_missing_index_is_named(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = str(tmp_path / "a.db")
    if engine == "postgres":
        url = request.getfixturevalue("postgres_url")
    with closing(open_database(url)) as database:
        assert names(database) == set()
        written(database, lambda tx: tx.run("drop index jobs_by_status"))
        (finding,) = verify(database, untold).findings
    assert str(finding) == "indexes are missing or can't be used: jobs_by_status"
    assert "jobs_in_progress" in expected_indexes("postgres")


def test_damaged_pages_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_database(str(path))) as database:
        fill(database)
    content = bytearray(path.read_bytes())
    for damage in (b"\x00" * 8192 * 3, b"\x55" * 8192):
        start = 8192 * 5 if damage[0] == 0 else 0
        content[start : start + len(damage)] = damage
        path.write_bytes(content)
        findings = verify_at(str(path), untold).findings
        assert {each.law for each in findings} == {"pages"}
        assert "is damaged" in str(findings[0])


def test_many_rows_have_few_examples() -> None:
    finding = found("law", "rows break it", "Mend it.", (("a", n) for n in range(10**9)))
    assert finding == BrokenLaw(
        "law", "rows break it", "Mend it.", 1000, tuple(f"{n} of a" for n in range(5))
    )
    assert str(finding).startswith("1000 or more rows break it (0 of a, 1 of a")
    assert found("law", "rows break it", "Mend it.", []) is None


def change_meanwhile(database: Database) -> None:
    def spoil(tx: Transaction) -> None:
        tx.run("update items set title = 'changed'")

    written(database, spoil)


def test_changes_meanwhile_are_not_seen(shop: Database) -> None:
    begun: list[str] = []

    def spoil_once(what: str, _: int, __: int | None) -> None:
        if what == "laws checked" and not begun:
            begun.append(what)
            change_meanwhile(shop)

    assert verify(shop, spoil_once).findings == []
    assert names(shop) == {"columns of items"}
