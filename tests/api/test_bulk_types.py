"""The quick path for bulk bodies, held against the path that examines each member."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api import bodies, bulk_types
from backroom.api.bodies import Submission
from backroom.api.bulk_types import StoredOperation
from backroom.catalog import ids
from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import (
    ITEM,
    JOB_KINDS,
    KINDS,
    NULLS_SINCE,
    Attribute,
    JobKind,
    Verb,
)
from backroom.catalog.operations import MOST_OPERATIONS
from backroom.errors import Fault
from backroom.revisions import REVISIONS
from support.factories import NEWEST, a_body, a_kind_of_job, a_resource, an_operation
from support.strategies import (
    Sent,
    altered,
    altered_bodies,
    changed_at,
    fitting_bodies,
    posts,
    revisions,
    thorough,
)
from support.wire_contract import WRAPPED_BODIES, before, since

if TYPE_CHECKING:
    from random import Random

    from backroom.catalog.kinds import Form

VALUES: dict[Form, Any] = {
    "text": 'A "shirt", größer',
    "number": 12.5,
    "quantity": 3,
    "boolean": False,
    "texts": ["https://shop.example/1.jpg", ""],
    "object": {"season": 1, "ratings": [4.5, None], "maker": {"name": "ä", "fair": True}},
    "choice": 2,
}
CONSTANTS = {"integration_type": "$custom", "catalog_type": "$default"}
every_kind = pytest.mark.parametrize("job_kind", JOB_KINDS.values(), ids=lambda each: each.type)
takes_newest = since(WRAPPED_BODIES)


def an_operation_with(job_kind: JobKind, *names: str, **attributes: Any) -> dict[str, Any]:
    """One operation of a job with all relationships and the attributes named, or others."""
    kind, verb = job_kind.kind, job_kind.verb
    made: dict[str, Any] = {"type": kind.type}
    if verb is not Verb.CREATE:
        made["id"] = ids.resource_id("a")
    if verb is Verb.DELETE:
        return made
    named = {each.name: VALUES[each.form] for each in kind.attributes if each.name in names}
    made["attributes"] = named | attributes
    relationships = {}
    for each in kind.relations:
        if verb in each.verbs:
            one = {"type": KINDS[each.target].type, "id": ids.resource_id("b")}
            relationships[each.name] = {"data": [one, one] if each.many else one}
    return made | {"relationships": relationships}


def everything(job_kind: JobKind) -> dict[str, Any]:
    created = job_kind.verb is Verb.CREATE
    names = [each.name for each in job_kind.kind.attributes if created or each.update != "absent"]
    return an_operation_with(job_kind, *names, **(CONSTANTS if created else {}))


def the_least(job_kind: JobKind) -> dict[str, Any]:
    created = job_kind.verb is Verb.CREATE
    needed = [each.name for each in job_kind.kind.attributes if each.create == "required"]
    return an_operation_with(job_kind, *(needed if created else []))


def with_nulls(job_kind: JobKind) -> dict[str, Any]:
    """An operation in which all is null that may be."""
    made = everything(job_kind)
    for each in job_kind.kind.attributes:
        rule = each.create if job_kind.verb is Verb.CREATE else each.update
        if rule == "nullable" and "attributes" in made:
            made["attributes"][each.name] = None
    if job_kind.verb is Verb.CREATE:
        made["attributes"] |= dict.fromkeys(CONSTANTS)
    return made


def written(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def accepted(job_kind: JobKind, raw: bytes, revision: str = NEWEST) -> tuple[str, int] | None:
    """What the quick path accepts. The other path must accept it too and encode it alike."""
    got = bulk_types.operations(job_kind, revision, raw)
    if got is not None:
        operation = an_operation(job_kind.kind.name, job_kind.verb)
        assert bodies.examine(operation, REVISIONS[revision], raw, "") == Submission(*got)
    return got


@takes_newest
@every_kind
def test_ordinary_bodies_are_accepted(job_kind: JobKind, revision: str) -> None:
    made = [everything(job_kind), the_least(job_kind)]
    if revision >= NULLS_SINCE:
        made.append(with_nulls(job_kind))
    for each in made:
        assert accepted(job_kind, written(a_body(job_kind, each, the_least(job_kind))), revision)


@every_kind
@pytest.mark.parametrize("revision", [WRAPPED_BODIES, NEWEST])
def test_accepted_bodies_are_not_examined(
    monkeypatch: pytest.MonkeyPatch, job_kind: JobKind, revision: str
) -> None:
    monkeypatch.delattr(bodies, "examine")
    operation = an_operation(job_kind.kind.name, job_kind.verb)
    raw = written(a_body(job_kind, everything(job_kind)))
    assert bodies.read_body(operation, REVISIONS[revision], raw, "").total == 1


def outcome(sent: Sent, raw: bytes, *, examined: bool) -> Any:
    """What became of a body."""
    read = bodies.examine if examined else bodies.read_body
    try:
        return read(sent.operation, sent.revision, raw, "")
    except Fault as fault:
        return type(fault), fault.detail, fault.pointer


def scrambled(value: Any, random: Random) -> str:
    """JSON with members in any order, and now and then one of them twice."""
    if isinstance(value, list):
        return f"[{','.join(scrambled(each, random) for each in value)}]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=random.random() < 0.5)
    members = list(value.items())
    random.shuffle(members)
    if members and random.random() < 0.2:
        name, _ = random.choice(members)
        members.insert(random.randrange(len(members) + 1), (name, random.choice(members)[1]))
    return f"{{{','.join(f'{json.dumps(k)}:{scrambled(v, random)}' for k, v in members)}}}"


@st.composite
def ordinary_bodies(draw: st.DrawFn) -> Sent:
    """Bodies that the quick path accepts, or would but for one place."""
    revision, operation = draw(revisions), draw(posts)
    made = [draw(st.sampled_from([everything, the_least, with_nulls]))(operation.job_kind)]
    body = a_body(operation.job_kind, *made, the_least(operation.job_kind))
    changed = draw(altered(deepcopy(body))) if draw(st.booleans()) else body
    return Sent(revision, operation, changed)


@pytest.mark.slow
@given(
    fitting_bodies(posts) | altered_bodies(posts) | ordinary_bodies(),
    st.randoms(use_true_random=True),
)
@thorough(600)
def test_both_paths_come_to_the_same(sent: Sent, random: Random) -> None:
    raw = scrambled(sent.body, random).encode(errors="surrogatepass")
    assert outcome(sent, raw, examined=False) == outcome(sent, raw, examined=True)


def test_operations_are_stored_as_drafts() -> None:
    assert StoredOperation.__struct_fields__ == Draft.__struct_fields__


ITEMS, VARIANTS = a_kind_of_job("item", "create"), a_kind_of_job("variant", "create")


def an_item(**attributes: Any) -> bytes:
    return written(a_body(ITEMS, a_resource("item", **attributes)))


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    ("attributes", "known"),
    [
        ({"custom_metadata": nested(4)}, True),
        ({"custom_metadata": nested(32)}, False),
        ({"custom_metadata": {"a": "\0"}}, False),
        ({"title": "\\u0000"}, False),
        ({"title": '\\ " \n \x7f \u2028 🐈'}, True),
        ({"price": 10**30}, False),
        ({"price": 2**63 - 1}, True),
        ({"title": "漢" * 1024}, True),
        ({"title": "a" * 4096}, False),
        ({"images": ["a" * 2048] * 40}, True),
        ({"images": ["a" * 8192]}, False),
        ({"price": -0.0}, True),
        ({"external_id": "ä" * 255}, True),
    ],
)
def test_doubtful_bodies_are_examined(attributes: Any, known: bool) -> None:  # noqa: FBT001 - as parametrized
    raw = an_item(**attributes)
    assert (accepted(ITEMS, raw) is not None) == known
    assert bodies.examine(an_operation(), REVISIONS[NEWEST], raw, "").total == 1


@pytest.mark.parametrize("attributes", [{"inventory_quantity": 10.0}, {"inventory_policy": 1.0}])
def test_converted_numbers_are_examined(attributes: Any) -> None:
    raw = written(a_body(VARIANTS, a_resource("variant", **attributes)))
    assert accepted(VARIANTS, raw) is None
    made = bodies.read_body(an_operation("variant"), REVISIONS[NEWEST], raw, "")
    assert f'"{next(iter(attributes))}":{int(next(iter(attributes.values())))}' in made.operations


@pytest.mark.parametrize(
    "attributes",
    [
        {"title": None},
        {"external_id": ""},
        {"external_id": "a" * 256},
        {"colour": "red"},
        {"published": 1},
        {"price": "1"},
        {"price": 10**400},
        {"title": "a" * 4097},
        {"images": ["a" * 2000] * 50},
        {"custom_metadata": {"a": [2**63]}},
        {"images": [None]},
        {"catalog_type": "other"},
        {"custom_metadata": nested(33)},
        {"custom_metadata": {"a": "a" * 100_000}},
    ],
)
def test_wrong_bodies_are_not_accepted(attributes: Any) -> None:
    assert accepted(ITEMS, an_item(**attributes)) is None


@pytest.mark.parametrize(("count", "known"), [(0, False), (1, True), (100, True), (101, False)])
def test_jobs_have_so_many_operations(count: int, known: bool) -> None:  # noqa: FBT001 - as parametrized
    raw = written(a_body(ITEMS, *[a_resource("item")] * count))
    assert (accepted(ITEMS, raw) is not None) == known
    assert MOST_OPERATIONS == 100


def test_large_bodies_are_accepted() -> None:
    large = a_resource("item", description="ä" * 90_000, custom_metadata={"a": "a" * 90_000})
    assert accepted(ITEMS, written(a_body(ITEMS, large, large, a_resource("item"))))


@pytest.mark.parametrize("member", ["title", "custom_metadata", "images", "colour"])
@pytest.mark.parametrize("start", [b"[", b'{"a":'])
def test_deep_bodies_are_examined(member: str, start: bytes) -> None:
    raw = an_item(**{member: "here"}).replace(b'"here"', start * 200_000)
    assert bulk_types.operations(ITEMS, NEWEST, raw) is None


def test_metadata_may_grow_as_written() -> None:
    raw = an_item(custom_metadata={"a": "here"}).replace(b'"here"', b"[" + b"1e15," * 9000 + b"1]")
    assert len(raw) < 50_000
    assert accepted(ITEMS, raw) is None


@pytest.mark.parametrize("place", ["", "/data", "/data/attributes", "/data/attributes/items"])
def test_unknown_members_are_not_accepted(place: str) -> None:
    path = (*place.split("/")[1:], "colour")
    body = changed_at(a_body(ITEMS, a_resource("item")), path, "red")
    assert accepted(ITEMS, written(body)) is None


MOVED = "2025-01-15"
CHANGED = replace(
    ITEM,
    attributes=(
        *ITEM.attributes,
        Attribute("brand", "text", since=MOVED),
        Attribute("colour", "text", until=MOVED),
    ),
)


@takes_newest
@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
def test_attributes_come_and_go(revision: str, verb: Verb) -> None:
    job_kind = JobKind(CHANGED, verb)
    needed = [each.name for each in ITEM.attributes if verb is Verb.CREATE]
    for name, exists in (("brand", revision >= MOVED), ("colour", revision < MOVED)):
        raw = written(a_body(job_kind, an_operation_with(job_kind, *needed, name)))
        assert (bulk_types.operations(job_kind, revision, raw) is not None) == exists


@before(NULLS_SINCE)
@every_kind
def test_early_nulls_are_not_accepted(job_kind: JobKind, revision: str) -> None:
    nulls = with_nulls(job_kind)
    for name, value in nulls.get("attributes", {}).items():
        if value is None:
            body = a_body(job_kind, changed_at(everything(job_kind), ("attributes", name), None))
            assert bulk_types.operations(job_kind, revision, written(body)) is None


def test_early_revisions_are_examined() -> None:
    for operation in (an_operation(kind, verb) for kind in KINDS for verb in Verb):
        newest = [each for each, rung in REVISIONS.items() if operation in rung.sends_newest]
        assert newest == [each for each in REVISIONS if each >= WRAPPED_BODIES]
