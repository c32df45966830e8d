"""A category that holds many items goes without anyone waiting for its links."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from backroom.server import Server
from backroom.settings import Settings
from backroom.store import keys, links
from scale.stock import fill
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database

LINKED = 5000
DOOMED = "/api/catalog-categories/$custom:::$default:::category-0"
LATER = "/api/catalog-categories/$custom:::$default:::category-1"
FIRST_ITEM = "/api/catalog-items/$custom:::$default:::item-0"
DEADLINE = 60.0


class Parked:
    """A server whose worker stops after its next job until it is let go."""

    def __init__(self) -> None:
        self._reached, self._free, ready = threading.Event(), threading.Event(), threading.Event()
        self._server = Server(Settings(port=0, ephemeral=True, limits="off"), self._on_step)
        self.database = self._server.database
        self._thread = threading.Thread(target=self._server.run, args=(lambda _: ready.set(),))
        self._thread.start()
        assert ready.wait(DEADLINE)
        self.account, self.client = self._open("large")

    def _open(self, name: str) -> tuple[str, Client]:
        made = self.database.write(lambda tx: keys.create(tx, name, "test", [])).result()
        return made.account, Client(self._server.url, made.key)

    def _on_step(self, step: str) -> None:
        if step == "committed":
            self._reached.set()
            assert self._free.wait(DEADLINE)

    def park(self) -> None:
        _, other = self._open("other")
        operation = {"type": "catalog-item", "id": "none"}
        attributes = {"items": {"data": [operation]}}
        body = {"data": {"type": "catalog-item-bulk-delete-job", "attributes": attributes}}
        assert other.post("/api/catalog-item-bulk-delete-jobs", body).status == 202
        assert self._reached.wait(DEADLINE)

    def let_go(self) -> None:
        self._free.set()

    def close(self) -> None:
        self.let_go()
        self._server.stop()
        self._thread.join(DEADLINE)


@pytest.fixture(scope="module")
def parked() -> Iterator[Parked]:
    """Its large category is deleted, and no link of it is gone yet."""
    server = Parked()
    try:
        fill(server.database, server.account, LINKED)
        server.park()
        assert server.client.request("DELETE", DOOMED).status == 204
        yield server
    finally:
        server.close()


def left(database: Database) -> int:
    """The links to categories that are gone."""
    with database.read() as tx:
        rows = tx.all(
            "select count(*) from item_categories l where not exists (select 1 from categories c"
            " where c.account = l.account and c.number = l.category_number)"
        )
    return int(rows[0][0])


def until(found: Callable[[], Any]) -> None:
    end = time.monotonic() + DEADLINE
    while not found():
        assert time.monotonic() < end, "it never came to be"


def external_ids(client: Client, path: str) -> list[str]:
    return [each["id"].rpartition(":")[2] for each in client.get(path).json["data"]]


def test_large_category_goes_unnoticed(parked: Parked) -> None:
    client = parked.client
    # 1. The answer has come, the links are all there, and nothing shows them.
    assert left(parked.database) == LINKED
    assert client.get(DOOMED).status == 404
    assert client.get(f"{DOOMED}/items").status == 404
    assert external_ids(client, f"{FIRST_ITEM}/categories")[0] == "category-1"
    filtered = {"filter": 'equals(category.id,"$custom:::$default:::category-0")'}
    assert client.get("/api/catalog-items", query=filtered).json["data"] == []
    # 2. Others write meanwhile; a category of that name is another one, and empty.
    again = {"type": "catalog-category", "attributes": {"external_id": "category-0", "name": "x"}}
    assert client.post("/api/catalog-categories", {"data": again}).status == 201
    assert external_ids(client, f"{DOOMED}/items") == []
    # 3. The links go little by little, while items are read and changed.
    parked.let_go()
    until(lambda: client.get(FIRST_ITEM).status == 200 and left(parked.database) < LINKED)
    change = {"type": "catalog-item", "id": FIRST_ITEM.rpartition("/")[2], "attributes": {}}
    assert client.request("PATCH", FIRST_ITEM, json={"data": change}).status == 200
    until(lambda: left(parked.database) == 0)
    # 4. No item is harmed, and no other category.
    with parked.database.read() as tx:
        assert tx.one("select count(*) from items") == (LINKED,)
        assert tx.one("select count(*) from item_categories") == (LINKED - 1,)
    assert external_ids(client, f"{LATER}/items") == ["item-0"]


def test_slices_are_small(database: Database) -> None:
    account = "ABCDEF"
    category, other = fill(database, account, 25)["category"][:2]
    database.write(
        lambda tx: tx.run(
            "insert into emptied_categories (account, category_number) values (:a, :n)",
            a=account,
            n=category,
        )
    ).result()
    slices = [database.write(lambda tx: links.empty_category(tx, 10)).result() for _ in range(4)]
    assert slices == [10, 10, 5, 0]
    with database.read() as tx:
        assert tx.one("select count(*) from item_categories") == (24,)
        assert tx.one(
            "select count(*) from item_categories where category_number = :n", n=other
        ) == (1,)
