from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.feeds.api_client import ApiClient
from backroom.feeds.catalog_reading import read_catalog
from backroom.feeds.catalog_spool import CatalogSpool
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from support.client import Client

PREFIX = "$custom:::$default:::"


def resource(kind: str, external_id: str, **attributes: object) -> dict[str, object]:
    return {"type": f"catalog-{kind}", "attributes": {"external_id": external_id, **attributes}}


def variants_job(client: Client, item: str, numbers: range) -> None:
    said = {"title": "V", "description": "", "url": "u", "price": 1, "inventory_quantity": 1}
    linked = {"item": {"data": {"type": "catalog-item", "id": PREFIX + item}}}
    operations = [
        {**resource("variant", f"v{number}", sku=f"v{number}", **said), "relationships": linked}
        for number in numbers
    ]
    body = {
        "data": {
            "type": "catalog-variant-bulk-create-job",
            "attributes": {"variants": {"data": operations}},
        }
    }
    path = "/api/catalog-variant-bulk-create-jobs"
    client.completed(path, client.post(path, body).job_id)


def test_whole_catalog_is_read(client: Client) -> None:
    client.post(
        "/api/catalog-items",
        {"data": resource("item", "a/b?", title="A", description="", url="u")},
    )
    linked = {"items": {"data": [{"type": "catalog-item", "id": PREFIX + "a/b?"}]}}
    for name in ("x?/%", "empty"):
        body = {**resource("category", name, name=name)}
        body |= {"relationships": linked} if name != "empty" else {}
        client.post("/api/catalog-categories", {"data": body})
    variants_job(client, "a/b?", range(100))
    variants_job(client, "a/b?", range(100, 130))
    spool = CatalogSpool()
    seen: dict[str, int] = {}
    read_catalog(ApiClient(client.url, client.key, NEWEST, 60), spool, seen.__setitem__)
    (item,) = spool.items()
    assert (item.external_id, item.categories, len(item.variants)) == ("a/b?", ("x?/%",), 130)
    assert list(spool.categories()) == [("x?/%", "x?/%"), ("empty", "empty")]
    assert seen == {"catalog-category": 2, "catalog-item": 1, "catalog-variant": 130}
