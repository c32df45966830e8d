"""What one call or one entry of a job does to the catalog, read back from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import KINDS, Verb
from backroom.errors import OperationFault
from backroom.store import records
from backroom.store.records import Record
from support.factories import ACCOUNT, a_creation, a_deletion, an_update, done

if TYPE_CHECKING:
    from backroom.actions import Outcome
    from backroom.store.database import Database

KIND_NAMES = list(KINDS)
every_kind = pytest.mark.parametrize("kind", KIND_NAMES)
NAMED = {"item": "An item", "variant": "A variant", "category": "A category"}


def created(database: Database, kind: str, *drafts: Draft) -> list[str]:
    return results_of(done(database, Verb.CREATE, kind, *drafts))


def updated(database: Database, kind: str, *drafts: Draft) -> list[str]:
    return results_of(done(database, Verb.UPDATE, kind, *drafts))


def deleted(database: Database, kind: str, *drafts: Draft) -> list[str]:
    return results_of(done(database, Verb.DELETE, kind, *drafts))


def results_of(outcomes: list[Outcome]) -> list[str]:
    """What became of each draft: the external id, or the words of the fault."""
    return [
        each.detail if isinstance(each, OperationFault) else each.external_id for each in outcomes
    ]


def stock(database: Database, kind: str, names: str, **attributes: Any) -> None:
    drafts = [a_creation(kind, name, **attributes) for name in names]
    assert created(database, kind, *drafts) == list(names)


def kept(database: Database, kind: str, account: str = ACCOUNT) -> list[str]:
    with database.read() as tx:
        return sorted(records.find(tx, KINDS[kind], account, "abcdefgh"))


def attributes_of(database: Database, kind: str, name: str) -> Any:
    with database.read() as tx:
        return msgspec.json.decode(records.find(tx, KINDS[kind], ACCOUNT, [name])[name].attributes)


def linked(database: Database) -> list[str]:
    """The links as item and category, `a-x`."""
    with database.read() as tx:
        rows = tx.all(
            "select items.external_id, categories.external_id from item_categories"
            " join items on items.number = item_number"
            " join categories on categories.number = category_number order by 1, 2"
        )
    return [f"{item}-{category}" for item, category in rows]


def already(kind: str, name: str) -> str:
    return f"{NAMED[kind]} with the external id `{name}` already exists."


def missing(kind: str, name: str) -> str:
    return f"{NAMED[kind]} with the id `$custom:::$default:::{name}` does not exist."


# Create


@every_kind
def test_created_resources_are_there(database: Database, kind: str) -> None:
    stock(database, kind, "ba")
    assert kept(database, kind) == ["a", "b"]


@every_kind
def test_creation_fills_in_defaults(database: Database, kind: str) -> None:
    stock(database, kind, "a")
    attributes = attributes_of(database, kind, "a")
    assert tuple(attributes) == KINDS[kind].stored_attributes
    unset = {
        each.name: each.default for each in KINDS[kind].attributes if each.create == "nullable"
    }
    assert attributes.items() >= unset.items()


def test_creation_is_dated_alike(database: Database) -> None:
    stock(database, "item", "ab")
    first, second = (attributes_of(database, "item", name) for name in "ab")
    assert first["created"] == first["updated"] == second["created"]
    assert first["created"].endswith("000+00:00")
    assert "created" not in attributes_of_category(database)


def attributes_of_category(database: Database) -> Any:
    stock(database, "category", "a")
    return attributes_of(database, "category", "a")


@every_kind
def test_existing_resource_is_no_new_one(database: Database, kind: str) -> None:
    stock(database, kind, "a")
    outcomes = created(database, kind, a_creation(kind, "a"), a_creation(kind, "b"))
    assert outcomes == [already(kind, "a"), "b"]


@every_kind
def test_second_creation_already_exists(database: Database, kind: str) -> None:
    drafts = [a_creation(kind, name) for name in "aaba"]
    expected = ["a", already(kind, "a"), "b", already(kind, "a")]
    assert created(database, kind, *drafts) == expected


def test_kinds_may_share_an_id(database: Database) -> None:
    for kind in KIND_NAMES:
        stock(database, kind, "a")
    assert [kept(database, kind) for kind in KIND_NAMES] == [["a"]] * 3


@every_kind
def test_accounts_never_meet(database: Database, kind: str) -> None:
    stock(database, kind, "a")
    outcomes = done(database, Verb.CREATE, kind, a_creation(kind, "a"), account="other")
    assert results_of(outcomes) == ["a"]
    outcomes = done(database, Verb.DELETE, kind, a_deletion("a"), account="other")
    assert results_of(outcomes) == ["a"]
    assert kept(database, kind) == ["a"]


def test_variant_hangs_on_its_item(database: Database) -> None:
    stock(database, "item", "p")
    assert created(database, "variant", a_creation("variant", "a", {"item": ["p"]})) == ["a"]
    with database.read() as tx:
        assert tx.one("select 1 from variants join items on items.number = item_number")


def test_missing_parent_fails_its_variant(database: Database) -> None:
    orphan, free = a_creation("variant", "a", {"item": ["p"]}), a_creation("variant", "b")
    outcomes = done(database, Verb.CREATE, "variant", orphan, free)
    assert results_of(outcomes) == [missing("item", "p"), "b"]
    assert isinstance(outcomes[0], OperationFault)
    assert (outcomes[0].status, outcomes[0].pointer) == (404, "/relationships/item/data/id")


def test_parent_of_another_account_is_missing(database: Database) -> None:
    done(database, Verb.CREATE, "item", a_creation("item", "p"), account="other")
    draft = a_creation("variant", "a", {"item": ["p"]})
    assert created(database, "variant", draft) == [missing("item", "p")]


def test_foreign_parent_id_is_missing(database: Database) -> None:
    draft = a_creation("variant", "a")
    draft.relations = {"item": ["elsewhere"]}
    assert created(database, "variant", draft) == [
        "An item with the id `elsewhere` does not exist."
    ]


def test_missing_category_fails_its_item(database: Database) -> None:
    stock(database, "category", "x")
    outcomes = created(
        database,
        "item",
        a_creation("item", "a", {"categories": ["x", "y"]}),
        a_creation("item", "b", {"categories": ["x"]}),
    )
    assert outcomes == ["Invalid category information.", "b"]
    assert linked(database) == ["b-x"]


def test_failed_creation_leaves_its_id(database: Database) -> None:
    bad, good = a_creation("item", "a", {"categories": ["y"]}), a_creation("item", "a")
    assert created(database, "item", bad, good) == ["Invalid category information.", "a"]


def test_missing_item_fails_its_category(database: Database) -> None:
    draft = a_creation("category", "x", {"items": ["a"]})
    outcomes = done(database, Verb.CREATE, "category", draft)
    assert results_of(outcomes) == [missing("item", "a")]
    assert isinstance(outcomes[0], OperationFault)
    assert outcomes[0].pointer == "/relationships/items/data/id"


def test_items_join_their_categories(database: Database) -> None:
    stock(database, "category", "xy")
    created(database, "item", a_creation("item", "a", {"categories": ["y", "x"]}))
    created(database, "category", a_creation("category", "z", {"items": ["a"]}))
    assert linked(database) == ["a-x", "a-y", "a-z"]


def test_creation_of_nothing_is_fine(database: Database) -> None:
    assert created(database, "item") == updated(database, "item") == deleted(database, "item") == []


# Update


@every_kind
def test_update_changes_what_is_given(database: Database, kind: str) -> None:
    stock(database, kind, "a")
    before = attributes_of(database, kind, "a")
    name = "name" if kind == "category" else "title"
    assert updated(database, kind, an_update("a", None, **{name: "New"})) == ["a"]
    after = attributes_of(database, kind, "a")
    assert list(after) == list(before)
    assert after == before | {name: "New", "updated": after["updated"]}
    assert after["updated"] >= before["updated"]


@every_kind
def test_missing_resource_is_not_updated(database: Database, kind: str) -> None:
    assert updated(database, kind, an_update("a")) == [missing(kind, "a")]
    foreign = Draft("elsewhere")
    text = f"{NAMED[kind]} with the id `elsewhere` does not exist."
    assert updated(database, kind, foreign) == [text]


def test_updates_go_in_their_order(database: Database) -> None:
    stock(database, "item", "a")
    drafts = [an_update("a", title="1", url="1"), an_update("a", title="2")]
    assert updated(database, "item", *drafts) == ["a", "a"]
    attributes = attributes_of(database, "item", "a")
    assert (attributes["title"], attributes["url"]) == ("2", "1")


def test_outcome_shows_its_moment(database: Database) -> None:
    stock(database, "item", "a")
    drafts = [an_update("a", title="1"), an_update("a", title="2")]
    outcomes = done(database, Verb.UPDATE, "item", *drafts)
    titles = [
        msgspec.json.decode(each.attributes)["title"]
        for each in outcomes
        if isinstance(each, Record)
    ]
    assert titles == ["1", "2"]


def test_update_follows_into_columns(database: Database) -> None:
    stock(database, "variant", "a")
    updated(database, "variant", an_update("a", title="T", sku="S", published=False))
    with database.read() as tx:
        row = tx.one("select title, sku, published from variants")
    assert row == ("T", "S", 0)


def test_updated_categories_replace_the_set(database: Database) -> None:
    stock(database, "category", "xyz")
    created(database, "item", a_creation("item", "a", {"categories": ["x", "y"]}))
    updated(database, "item", an_update("a", {"categories": ["y", "z"]}))
    assert linked(database) == ["a-y", "a-z"]


def test_updated_items_replace_the_set(database: Database) -> None:
    stock(database, "item", "abc")
    created(database, "category", a_creation("category", "x", {"items": ["a", "b"]}))
    stock(database, "category", "y")
    updated(database, "item", an_update("a", {"categories": ["x", "y"]}))
    updated(database, "category", an_update("x", {"items": ["c"]}))
    assert linked(database) == ["a-y", "c-x"]


@pytest.mark.parametrize(
    ("relations", "links"), [(None, ["a-x"]), ({}, ["a-x"]), ({"categories": []}, [])]
)
def test_only_given_sets_are_replaced(database: Database, relations: Any, links: list[str]) -> None:
    stock(database, "category", "x")
    created(database, "item", a_creation("item", "a", {"categories": ["x"]}))
    updated(database, "item", an_update("a", relations, title="New"))
    assert linked(database) == links


def test_last_set_of_a_batch_holds(database: Database) -> None:
    stock(database, "category", "xy")
    stock(database, "item", "a")
    drafts = [an_update("a", {"categories": [name]}) for name in "xy"]
    assert updated(database, "item", *drafts) == ["a", "a"]
    assert linked(database) == ["a-y"]


def test_failed_update_changes_nothing(database: Database) -> None:
    stock(database, "category", "x")
    created(database, "item", a_creation("item", "a", {"categories": ["x"]}))
    before = attributes_of(database, "item", "a")
    draft = an_update("a", {"categories": ["x", "y"]}, title="New")
    assert updated(database, "item", draft) == ["Invalid category information."]
    assert (attributes_of(database, "item", "a"), linked(database)) == (before, ["a-x"])


# Delete


@every_kind
def test_deleted_resource_is_gone(database: Database, kind: str) -> None:
    stock(database, kind, "ab")
    assert deleted(database, kind, a_deletion("a")) == ["a"]
    assert kept(database, kind) == ["b"]


@every_kind
def test_second_deletion_does_not_exist(database: Database, kind: str) -> None:
    stock(database, kind, "a")
    drafts = [a_deletion("a"), a_deletion("a")]
    assert deleted(database, kind, *drafts) == ["a", missing(kind, "a")]


def test_deletion_shows_what_was(database: Database) -> None:
    stock(database, "item", "a", title="Was")
    (outcome,) = done(database, Verb.DELETE, "item", a_deletion("a"))
    assert isinstance(outcome, Record)
    assert msgspec.json.decode(outcome.attributes)["title"] == "Was"


def test_items_take_their_variants(database: Database) -> None:
    stock(database, "item", "pq")
    family = [a_creation("variant", name, {"item": [name_of]}) for name, name_of in ("ap", "bq")]
    created(database, "variant", *family, a_creation("variant", "c"))
    deleted(database, "item", a_deletion("p"))
    assert kept(database, "variant") == ["b", "c"]


def test_categories_leave_their_items(database: Database) -> None:
    stock(database, "category", "xy")
    created(database, "item", a_creation("item", "a", {"categories": ["x", "y"]}))
    deleted(database, "category", a_deletion("x"))
    assert (kept(database, "item"), linked(database)) == (["a"], ["a-y"])


def test_remade_resource_is_another(database: Database) -> None:
    stock(database, "category", "x")
    created(database, "item", a_creation("item", "a", {"categories": ["x"]}))
    deleted(database, "item", a_deletion("a"))
    stock(database, "item", "a")
    assert linked(database) == []
