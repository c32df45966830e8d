"""What bodies may and must give: the table of kinds as rules for one verb and one revision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backroom.catalog.kinds import CONSTANTS, ITEM, KINDS, NULLS_SINCE, VARIANT, Attribute, Verb
from backroom.catalog.rules import rules_of
from support.factories import NEWEST, OLDEST, REQUIRED
from support.wire_contract import REVISIONS, before, since

every_kind = pytest.mark.parametrize("kind", KINDS)
MOVED = "2025-01-15"
CHANGED = replace(
    ITEM,
    attributes=(
        *ITEM.attributes,
        Attribute("brand", "text", "required", default="", since=MOVED),
        Attribute("colour", "text", "required", default="", until=MOVED),
    ),
)
"""Items with an attribute that came and one that went on the same day."""


def needed(verb: Verb, kind: str, revision: str = NEWEST) -> set[str]:
    rules = rules_of(verb, KINDS[kind], revision)
    return {name for name, rule in rules.attributes.items() if rule.needed}


@every_kind
def test_creates_need_what_is_required(kind: str) -> None:
    assert needed(Verb.CREATE, kind) == {"external_id", *REQUIRED[kind]}


@every_kind
def test_updates_need_no_attribute(kind: str) -> None:
    assert needed(Verb.UPDATE, kind) == set()


@every_kind
def test_deletes_give_only_the_identity(kind: str) -> None:
    rules = rules_of(Verb.DELETE, KINDS[kind], NEWEST)
    assert (rules.members, rules.attributes, rules.relationships) == (("type", "id"), {}, {})


@every_kind
def test_creates_may_give_constants_last(kind: str) -> None:
    names = [each.name for each in CONSTANTS]
    assert list(rules_of(Verb.CREATE, KINDS[kind], NEWEST).attributes)[-2:] == names
    assert not set(names) & set(rules_of(Verb.UPDATE, KINDS[kind], NEWEST).attributes)


@before(NULLS_SINCE)
def test_early_bodies_give_no_null(revision: str) -> None:
    for verb in Verb:
        rules = rules_of(verb, VARIANT, revision)
        assert not any(each.nullable for each in rules.attributes.values())


@since(NULLS_SINCE)
def test_later_updates_give_nulls(revision: str) -> None:
    rules = rules_of(Verb.UPDATE, VARIANT, revision)
    assert all(each.nullable for each in rules.attributes.values())


@pytest.mark.parametrize("revision", REVISIONS)
def test_relationships_are_needed_with_one(revision: str) -> None:
    for kind in KINDS.values():
        rules = rules_of(Verb.CREATE, kind, revision)
        some = any(each.needed for each in rules.relationships.values())
        assert rules.needs("relationships") == some


def test_all_other_members_are_needed() -> None:
    rules = rules_of(Verb.UPDATE, ITEM, NEWEST)
    assert [name for name in (*rules.members, "links") if rules.needs(name)] == [
        "type",
        "id",
        "attributes",
    ]


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
@pytest.mark.parametrize("revision", REVISIONS)
def test_attributes_come_and_go(revision: str, verb: Verb) -> None:
    rules = rules_of(verb, CHANGED, revision).attributes
    assert ("brand" in rules) == (revision >= MOVED)
    assert ("colour" in rules) == (revision < MOVED)


def test_attributes_are_needed_while_there() -> None:
    assert rules_of(Verb.CREATE, CHANGED, OLDEST).attributes["colour"].needed
    assert rules_of(Verb.CREATE, CHANGED, NEWEST).attributes["brand"].needed
