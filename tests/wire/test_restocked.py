"""The event of a subscription comes when the stock rises: by one update, by a job, by an import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.control.table import perform
from conftest import client_of, running
from support.client import NEWEST
from support.neighbours import a_neighbour_body
from support.wire_catalog import Catalog, fill_shelf
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from backroom.server import Server
    from conftest import NewDatabase

JOB = "catalog-variant-bulk-update-job"
OWN = ("POST", "/api/back-in-stock-subscriptions")


@pytest.fixture(scope="module")
def server(new_store: NewDatabase) -> Iterator[Server]:
    """A server on each engine."""
    with running(new_store(), limits="off") as server:
        yield server


@pytest.fixture
def shelf(server: Server) -> Catalog:
    """A catalog whose variant `mug-s` is out of stock, and two shoppers who wait for it."""
    shelf = fill_shelf(client_of(server), NEWEST)
    shelf.update("variant", "mug-s", inventory_quantity=0)
    body = a_neighbour_body(NEWEST, OWN, {"catalog-variant": catalog_id("mug-s")})
    for _ in range(2):
        assert shelf.client.post(OWN[1], body).status == 202
    return shelf


def by_update(_: Server, shelf: Catalog, quantity: int, __: Path) -> None:
    assert shelf.update("variant", "mug-s", inventory_quantity=quantity).status == 200


def by_job(_: Server, shelf: Catalog, quantity: int, __: Path) -> None:
    attributes = {"inventory_quantity": quantity}
    variant = {"type": "catalog-variant", "id": catalog_id("mug-s"), "attributes": attributes}
    job = {"type": JOB, "attributes": {"variants": {"data": [variant]}}}
    posted = shelf.client.post(f"/api/{JOB}s", {"data": job})
    shelf.client.completed(f"/api/{JOB}s", posted.job_id)


def by_import(_: Server, shelf: Catalog, quantity: int, home: Path) -> None:
    feed = home / "feed.csv"
    feed.write_text(f"type,external_id,inventory_quantity\nvariant,mug-s,{quantity}\n")
    named = {"BACKROOM_URL": shelf.client.url, "BACKROOM_KEY": shelf.client.key}
    done = CliRunner(env=named).invoke(main, ["import", "--mode", "update", str(feed)])
    assert done.exit_code == 0, done.output


def by_seed(server: Server, shelf: Catalog, quantity: int, _: Path) -> None:
    words = {"title": "Mug", "description": "A mug", "url": "https://mugs.example", "sku": "S"}
    row = {"type": "variant", "external_id": "mug-s", "item": "mug", "price": 9.5, **words}
    resources = [row | {"inventory_quantity": quantity}]
    body = {"account": shelf.client.key.split("_")[1], "resources": resources}
    perform(server.control, "POST", "/seed", body)


@pytest.mark.parametrize(
    "restock", [by_update, by_job, by_import, by_seed], ids=lambda each: each.__name__
)
def test_event_comes_exactly_once(
    server: Server,
    shelf: Catalog,
    restock: Callable[[Server, Catalog, int, Path], None],
    tmp_path: Path,
) -> None:
    account = shelf.client.key.split("_")[1]

    def subscriptions() -> list[dict[str, Any]]:
        found = perform(server.control, "GET", "/subscriptions", query={"account": account})
        assert isinstance(found, list)
        return found

    restock(server, shelf, 0, tmp_path)
    assert [each["event"] for each in subscriptions()] == [None, None]
    restock(server, shelf, 7, tmp_path)
    first = subscriptions()
    assert [each["event"]["inventory_quantity"] for each in first] == [7, 7]
    for quantity in (8, 0, 9):
        restock(server, shelf, quantity, tmp_path)
    assert subscriptions() == first
