from __future__ import annotations

from typing import Any

import pytest

from backroom.catalog.kinds import JOB_KINDS, JobKind
from backroom.catalog.operations import OPERATIONS
from backroom.errors import Invalid
from backroom.revisions.v2023_07_15 import GiveVariantsOneItem, NestBulkOperations
from support.factories import a_row, an_operation

NEST, GIVE = NestBulkOperations(), GiveVariantsOneItem()
VARIANTS = an_operation("variant", "create")
PARENT = {"type": "catalog-item", "id": "$custom:::$default:::a"}
every_job_kind = pytest.mark.parametrize("job_kind", JOB_KINDS.values(), ids=lambda each: each.type)


def a_body(member: str, held: Any) -> dict[str, Any]:
    return {"data": {"attributes": {member: held}}}


def variants(*relationships: Any) -> dict[str, Any]:
    return a_body("variants", {"data": [{"relationships": each} for each in relationships]})


def refusal(body: Any, change: Any = GIVE) -> tuple[str | None, str]:
    with pytest.raises(Invalid) as caught:
        change.up(VARIANTS, body)
    return caught.value.pointer, caught.value.detail


@every_job_kind
def test_lists_are_nested(job_kind: JobKind) -> None:
    operation = an_operation(job_kind.kind.name, job_kind.verb)
    body = NEST.up(operation, a_body(job_kind.member, [1, 2]))
    assert body == a_body(job_kind.member, {"data": [1, 2]})


@pytest.mark.parametrize("held", [{"data": []}, None, "a", 7])
def test_only_lists_are_nested(held: Any) -> None:
    pointer, detail = refusal(a_body("variants", held), NEST)
    assert pointer == "/data/attributes/variants"
    assert detail == f'Expected a list of items but got type "{type(held).__name__}".'


@pytest.mark.parametrize(
    "body", [None, [], 7, {}, {"data": []}, {"data": {"attributes": 7}}, a_body("items", 7)]
)
def test_other_bodies_are_left_alone(body: Any) -> None:
    assert NEST.up(VARIANTS, body) == body
    assert GIVE.up(VARIANTS, body) == body


@every_job_kind
@pytest.mark.parametrize("rest", ["", "/0", "/12/attributes/title", "/id"])
def test_pointers_lose_their_nest(job_kind: JobKind, rest: str) -> None:
    operation = an_operation(job_kind.kind.name, job_kind.verb)
    start = f"/data/attributes/{job_kind.member}"
    assert NEST.pointer(operation, f"{start}/data{rest}") == f"{start}{rest}"


@pytest.mark.parametrize("pointer", ["/data/attributes/items", "/data/attributes/items/database"])
def test_other_pointers_are_kept(pointer: str) -> None:
    assert NEST.pointer(an_operation("item", "create"), pointer) == pointer


def test_only_parent_becomes_the_item() -> None:
    body = GIVE.up(VARIANTS, variants({"items": {"data": [PARENT]}}, {"items": {"data": []}}, {}))
    assert body == variants({"item": {"data": PARENT}}, {}, {})


@pytest.mark.parametrize(
    ("relationships", "place", "start"),
    [
        ({"item": {"data": PARENT}}, "item", "'item' is not an allowed relation on the"),
        ({"items": [PARENT]}, "items", "Expected a dictionary"),
        ({"items": None}, "items", "Expected a dictionary"),
        ({"items": {}}, "items/data", "'data' is a required field for the resource"),
        ({"items": {"data": PARENT}}, "items/data", "Expected a list"),
        ({"items": {"data": [PARENT, PARENT]}}, "items/data/1", "A variant belongs to one item"),
    ],
)
def test_parent_faults_are_placed(relationships: Any, place: str, start: str) -> None:
    pointer, detail = refusal(variants({}, relationships))
    assert pointer == f"/data/attributes/variants/1/relationships/{place}"
    assert detail.startswith(start)


def test_unknown_members_stay_refusable() -> None:
    pointer, detail = refusal(variants({"items": {"data": [PARENT], "links": {}}}))
    assert pointer == "/data/attributes/variants/0/relationships/items/links"
    assert detail == "'links' is not a valid field for the resource 'catalog-item'."


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("/data/relationships/item/data/id", "/data/relationships/items/data/id"),
        ("/data/3/relationships/item", "/data/3/relationships/items"),
        ("/data/3/relationships/item/data", "/data/3/relationships/items/data/0"),
        ("/data/3/relationships/item/data/id", "/data/3/relationships/items/data/0/id"),
        ("/data/3/relationships/item/links", "/data/3/relationships/items/links"),
        ("/data/3/relationships/items", "/data/3/relationships/items"),
        ("/data/3/relationships/item-2", "/data/3/relationships/item-2"),
        ("/data/3/relationships/items/data", "/data/3/relationships/items/data"),
        ("/data/3/attributes/item", "/data/3/attributes/item"),
    ],
)
def test_pointers_name_the_list(newer: str, older: str) -> None:
    start = "/data/attributes/variants"
    assert GIVE.pointer(VARIANTS, start + newer) == start + older


def test_only_creates_of_variants_are_touched() -> None:
    touched = [each.name for each in OPERATIONS if each.bulk and GIVE.touches(each)]
    assert touched == [
        "get_bulk_create_variants_jobs",
        "bulk_create_catalog_variants",
        "get_bulk_create_variants_job",
    ]


def test_resources_of_variants_are_touched() -> None:
    touched = [each.name for each in OPERATIONS if not each.bulk and GIVE.touches(each)]
    assert touched == [
        "get_catalog_variants",
        "create_catalog_variant",
        "get_catalog_variant",
        "update_catalog_variant",
        "get_variants_for_catalog_item",
    ]


def test_variants_show_a_list_of_items() -> None:
    own = "http://shop.test/api/catalog-variants/v/"
    variant = {"links": {"self": own}, "relationships": {"item": {"data": PARENT, "links": {}}}}
    document: dict[str, Any] = {"data": variant}
    GIVE.down(a_row("get_catalog_variant"), document)
    items = document["data"]["relationships"]["items"]
    assert "item" not in document["data"]["relationships"]
    assert items["data"] == [PARENT]


def test_single_creates_climb_too() -> None:
    body = {"data": {"relationships": {"items": {"data": [PARENT]}}}}
    climbed = GIVE.up(a_row("create_catalog_variant"), body)
    assert climbed == {"data": {"relationships": {"item": {"data": PARENT}}}}


@pytest.mark.parametrize("end", ["", "/id"])
def test_pointers_of_single_creates_move(end: str) -> None:
    older = GIVE.pointer(a_row("create_catalog_variant"), f"/data/relationships/item/data{end}")
    assert older == f"/data/relationships/items/data/0{end}"
