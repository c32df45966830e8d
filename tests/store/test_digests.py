from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind, Verb
from backroom.store.database import Transaction
from backroom.store.digests import block_from, blocks_of
from store.small_shop import fill
from store.test_job_signals import PlanOf
from support.factories import a_creation, a_deletion, done

if TYPE_CHECKING:
    from backroom.store.database import Database

    Digests = dict[str, int]


@pytest.fixture
def account(database: Database) -> str:
    return fill(database)


def digests(database: Database, kind: Kind, account: str) -> Digests:
    """The digest of each resource, which blocks add up to."""
    found: Digests = {}
    with database.read() as tx:
        for first, digest in blocks_of(tx, kind, account).items():
            block = {each.external_id: each.digest for each in block_from(tx, kind, account, first)}
            assert sum(block.values()) == digest
            found |= block
    return found


def test_each_resource_has_a_digest(database: Database, account: str) -> None:
    found = [sorted(digests(database, each, account)) for each in (ITEM, VARIANT, CATEGORY)]
    assert found == [["a", "c"], ["a1", "a2"], ["tops"]]


def test_new_resource_changes_no_other(database: Database, account: str) -> None:
    before = digests(database, ITEM, account)
    done(database, Verb.CREATE, "item", a_creation("item", "new"), account=account)
    after = digests(database, ITEM, account)
    assert after.pop("new")
    assert after == before


def test_change_changes_its_digest(database: Database, account: str) -> None:
    before = digests(database, ITEM, account)
    change = a_creation("item", "a", title="other")
    done(database, Verb.UPDATE, "item", change, account=account)
    after = digests(database, ITEM, account)
    assert {name for name in before if before[name] != after[name]} == {"a"}


def test_item_has_the_digest_of_its_categories(database: Database, account: str) -> None:
    before = digests(database, ITEM, account)
    new = a_creation("category", "new", {"items": ["c"]})
    done(database, Verb.CREATE, "category", new, account=account)
    after = digests(database, ITEM, account)
    assert {name for name in before if before[name] != after[name]} == {"c"}


def test_deleted_resource_has_no_digest(database: Database, account: str) -> None:
    done(database, Verb.DELETE, "item", a_deletion("a"), account=account)
    assert set(digests(database, ITEM, account)) == {"c"}
    assert digests(database, VARIANT, account) == {}


def test_block_names_the_item_of_variants(database: Database, account: str) -> None:
    with database.read() as tx:
        (first,) = blocks_of(tx, VARIANT, account)
        found = {each.external_id: each.item for each in block_from(tx, VARIANT, account, first)}
    assert found == {"a1": "a", "a2": "a"}


@pytest.mark.slow
def test_many_resources_make_some_blocks(database: Database) -> None:
    creations = [a_creation("item", str(number)) for number in range(1_000)]
    done(database, Verb.CREATE, "item", *creations, account="A")
    with database.read() as tx:
        blocks = len(blocks_of(tx, ITEM, "A"))
    assert 4 <= blocks <= 6
    assert len(digests(database, ITEM, "A")) == 1_000


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_account_is_read_by_its_key(database: Database, kind: Kind) -> None:
    with database.read() as tx:
        plan = PlanOf(tx)
        blocks_of(Transaction(cast("Any", plan), tx.dialect), kind, "A")
    sqlite = f"SEARCH numbered USING INDEX sqlite_autoindex_{kind.table}_1 (account=?"
    # PostgreSQL may choose another index of the account for an empty table.
    assert sqlite in plan.plan or ("(account = 'A'" in plan.plan and "Index" in plan.plan)
