"""Catalogs of accounts as values, to compare those of two servers, and ways to change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.feeds.columns import row_from
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.ledger import Ledger
from backroom.feeds.loading import Loader
from backroom.feeds.paced_client import PacedClient
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    import random

    from support.client import Client

Catalog = dict[tuple[str, str], Any]
_NOT_FOUND = 404
_DATES = ("created", "updated")
_ID = "$custom:::$default:::"


def catalog_of(client: Client) -> Catalog:
    """Give all resources of an account by type and id: their attributes, and where they lead."""
    found: Catalog = {}
    members: dict[str, list[str]] = {}
    for category in _all(client, "/api/catalog-categories"):
        found["category", category["id"]] = _attributes(category)
        path = f"/api/catalog-categories/{category['id']}/relationships/items"
        for item in _all(client, path):
            members.setdefault(item["id"], []).append(category["id"])
    for item in _all(client, "/api/catalog-items"):
        categories = sorted(members.get(item["id"], []))
        found["item", item["id"]] = (_attributes(item), categories)
        for variant in _all(client, f"/api/catalog-items/{item['id']}/variants"):
            found["variant", variant["id"]] = (_attributes(variant), item["id"])
    return found


def _all(client: Client, path: str) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = client.get(following)
        if answer.status == _NOT_FOUND:
            # It was deleted between two requests, by a push that goes on.
            break
        document = answer.json
        resources += document["data"]
        following = document["links"].get("next")
    return resources


def _attributes(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource["attributes"].items() if name not in _DATES}


def sent_operations(client: Client) -> int:
    """Count the operations of all jobs of an account."""
    return sum(
        each["attributes"]["total_count"]
        for kind in ("category", "item", "variant")
        for verb in ("create", "update", "delete")
        for each in _all(client, f"/api/catalog-{kind}-bulk-{verb}-jobs")
    )


def paced(client: Client, timeout: float = 10) -> PacedClient:
    """Give a client of a push for the same account."""
    return PacedClient(client.url, client.key, NEWEST, timeout)


def load(client: Client, number: int, chances: random.Random) -> None:
    """Bring a catalog of so many items into an account."""
    load_rows(client, *rows(number, chances))


def load_rows(client: Client, *given: dict[str, Any]) -> None:
    """Bring rows into an account."""
    ledger = Ledger(None)
    ledger.stage(row_from(at, each) for at, each in enumerate(given, 1))
    sender = paced(client)
    Loader(Comparison(sender, ledger, MODES["upsert"]), sender).run(lambda *_: None)


def rows(number: int, chances: random.Random) -> list[dict[str, Any]]:
    """Make a catalog of so many items as rows, with categories and variants."""
    made: list[dict[str, Any]] = [
        {"type": "category", "external_id": f"K{each}", "name": f"Kind {each}"} for each in range(4)
    ]
    for each in range(number):
        text = {"title": f"Cap {each}", "description": "", "url": f"https://shop.example/{each}"}
        price = chances.randrange(1, 100)
        kinds = [f"K{kind}" for kind in range(4) if chances.random() < 0.3]
        item = {"type": "item", "external_id": f"C{each}", "price": price, "categories": kinds}
        sold = {"sku": f"S{each}", "price": price, "inventory_quantity": chances.randrange(9)}
        variant = {"type": "variant", "external_id": f"V{each}", "item": f"C{each}"}
        made += [item | text, variant | sold | text]
    return made


def change(client: Client, number: int, chances: random.Random) -> None:
    """Change, delete and create resources of a catalog of so many items by single calls."""
    for each in chances.sample(range(number), 6):
        _patch(client, "item", f"C{each}", {"price": chances.randrange(100, 200)})
    for each in chances.sample(range(number), 3):
        _patch(client, "variant", f"V{each}", {"inventory_quantity": chances.randrange(10, 99)})
    gone = chances.randrange(number)
    client.request("DELETE", f"/api/catalog-items/{_ID}C{gone}")
    client.request("DELETE", f"/api/catalog-categories/{_ID}K{chances.randrange(4)}")
    new = f"N{chances.randrange(10**9)}"
    create(client, new)


def create(client: Client, external_id: str) -> None:
    """Create an item by a single call."""
    attributes = {
        "external_id": external_id,
        "title": external_id,
        "description": "New",
        "url": "https://shop.example/new",
    }
    body = {"data": {"type": "catalog-item", "attributes": attributes}}
    assert client.request("POST", "/api/catalog-items", json=body).status == 201


def _patch(client: Client, kind: str, external_id: str, attributes: dict[str, Any]) -> None:
    identity = f"{_ID}{external_id}"
    body = {"data": {"type": f"catalog-{kind}", "id": identity, "attributes": attributes}}
    path = f"/api/catalog-{kind}s/{identity}"
    assert client.request("PATCH", path, json=body).status in {200, 404}
