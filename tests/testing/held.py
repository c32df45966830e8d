"""What the tests of servers for tests share: a program that calls them, and its bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import urllib3

if TYPE_CHECKING:
    from backroom.testing import Account

ITEMS = "/api/catalog-items"
JOBS = "/api/catalog-item-bulk-create-jobs"


class Sent:
    """The answer to one request."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.json: Any = msgspec.json.decode(answer.data) if answer.data else None


def send(account: Account, method: str, path: str, body: Any = None, **headers: str) -> Sent:
    """Call the API as any program does, once."""
    given = {**account.headers, "Content-Type": "application/json", **headers}
    sent = None if body is None else msgspec.json.encode(body)
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        return Sent(pool.request(method, account.url + path, body=sent, headers=given))


def item(external_id: str, **attributes: Any) -> dict[str, Any]:
    """The resource object of an item."""
    texts = {"title": external_id, "description": "", "url": "https://shop.test"}
    return {
        "type": "catalog-item",
        "attributes": {"external_id": external_id, **texts, **attributes},
    }


def row(external_id: str, **cells: Any) -> dict[str, Any]:
    """The row of an item in a feed."""
    return {"type": "item", **item(external_id, **cells)["attributes"]}


def job(*external_ids: str) -> dict[str, Any]:
    """The body of a bulk job that creates items."""
    items = [item(each) for each in external_ids]
    return {
        "data": {
            "type": "catalog-item-bulk-create-job",
            "attributes": {"items": {"data": items}},
        }
    }
