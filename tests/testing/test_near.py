"""What a refused request came near to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.not_served import WORDS
from backroom.catalog.neighbours import SERVED_OPERATIONS
from backroom.catalog.published import real_operation
from support.factories import a_body, a_kind_of_job, a_resource

if TYPE_CHECKING:
    from backroom.testing.journal import Journal
    from support.client import Client

ITEM = {"external_id": "a", "title": "a", "description": "d", "url": "https://shop.test"}
VARIANT = {**ITEM, "sku": "s", "inventory_quantity": 1, "price": 1.0}
JOBS = f"/api/{a_kind_of_job('item', 'create').collection}"


def item(**attributes: Any) -> Any:
    return {"data": {"type": "catalog-item", "attributes": {**ITEM, **attributes}}}


def variant(**relationships: Any) -> Any:
    related = {name: {"data": value} for name, value in relationships.items()}
    data = {"type": "catalog-variant", "attributes": VARIANT, "relationships": related}
    return {"data": data}


ONE = {"type": "catalog-item", "id": "x"}
OLD_JOB = {
    "data": {
        "type": a_kind_of_job("item", "create").type,
        "attributes": {"items": [a_resource("item")]},
    }
}
REFUSED = [
    ("GET", "/api/catalog-itemz", "2026-10-15", None, "nearest is GET /api/catalog-items,"),
    ("GET", "/catalog-items", "2026-10-15", None, "nearest is GET /api/catalog-items,"),
    ("GET", "/api/catalog-item/7/categories", "2026-10-15", None, "/catalog-items/{id}/categories"),
    ("GET", "/other", "2026-10-15", None, "not an operation; all paths"),
    ("PUT", "/api/catalog-items", "2026-10-15", None, "the path has GET, POST"),
    (
        "GET",
        "/api/templates/7",
        "2026-10-15",
        None,
        "GET /api/templates/{id} is an operation of the",
    ),
    (
        "GET",
        "/api/catalog-items/7/relationships/variants",
        "2023-02-22",
        None,
        "operation `get_variant_ids_for_catalog_item` is of revision 2024-10-15 and later;",
    ),
    (
        "POST",
        "/api/catalog-variants",
        "2023-02-22",
        variant(item=ONE),
        "member `item` is of revision 2023-07-15 and later; this request says 2023-02-22",
    ),
    (
        "POST",
        "/api/catalog-variants",
        "2026-10-15",
        variant(items=[ONE]),
        "member `items` is of revisions before 2023-07-15; this request says 2026-10-15",
    ),
    ("POST", "/api/catalog-items", "2026-10-15", item(titel="x"), "nearest is `title`"),
    ("GET", "/api/account", "2026-10-15", None, "nearest is GET /api/accounts, `get_accounts`"),
    ("POST", "/client/event", "2026-10-15", {}, "nearest is POST /client/events"),
    (
        "GET",
        "/api/accounts",
        "2022-10-17",
        None,
        "operation `get_accounts` is of revision 2023-06-15 and later",
    ),
    ("POST", "/api/flows", "2026-10-15", {}, f"POST /api/flows is {WORDS}"),
    ("PATCH", "/api/profiles/x", "2026-10-15", {}, f"PATCH /api/profiles/{{id}} is {WORDS}"),
    ("POST", "/api/lists", "2026-10-15", {}, f"POST /api/lists is {WORDS}"),
    (
        "POST",
        "/api/profiles",
        "2022-10-17",
        {"data": {"type": "profile", "attributes": {"locale": "de-DE"}}},
        "member `locale` is of revision 2024-07-15 and later; this request says 2022-10-17",
    ),
    (
        "POST",
        "/api/profiles",
        "2026-10-15",
        {"data": {"type": "profile", "attributes": {"emial": "a@mugs.example"}}},
        "nearest is `email`",
    ),
    ("GET", "/api/lists?filtr=x", "2026-10-15", None, "nearest is `filter`"),
    (
        "POST",
        JOBS,
        "2023-02-22",
        a_body(a_kind_of_job("item", "create"), a_resource("item")),
        "this form of member `items` is of revision 2023-07-15 and later",
    ),
    ("POST", JOBS, "2026-10-15", OLD_JOB, "`items` is of revisions before 2023-07-15"),
    (
        "GET",
        "/api/catalog-items?filter=equals(category.id,'x')",
        "2022-10-17",
        None,
        "filter `category.id` is of revision 2023-07-15 and later",
    ),
    ("GET", "/api/catalog-items?fields[catalog-item]=titel", "2026-10-15", None, "is `title`"),
    ("GET", "/api/catalog-items?filters=x", "2026-10-15", None, "nearest is `filter`"),
]


@pytest.mark.slow
@pytest.mark.parametrize("refused", REFUSED, ids=lambda each: each[-1])
def test_refused_request_is_near_something(
    caller: Client, journal: Journal, refused: tuple[str, str, str, Any, str]
) -> None:
    method, path, revision, body, words = refused
    answer = caller.request(method, path, json=body, revision=revision)
    (entry,) = journal.find()
    assert (answer.status >= 400, entry.status) == (True, answer.status)
    assert words in (entry.near or "")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/catalog-items", item(xyzzy=1)), ("/api/catalog-items", item(title=7))],
)
def test_nothing_near_says_nothing(caller: Client, journal: Journal, path: str, body: Any) -> None:
    assert caller.post(path, body).status == 400
    assert journal.find()[0].near is None


def test_accepted_requests_are_near_nothing(caller: Client, journal: Journal) -> None:
    caller.get("/api/catalog-items")
    assert journal.find()[0].near is None


@pytest.mark.parametrize("operation", SERVED_OPERATIONS, ids=lambda each: each.name)
def test_served_operations_are_real_ones(operation: Any) -> None:
    assert real_operation(operation.method, operation.path.replace("{id}", "7")) is not None
