from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.control.import_check import checked_by
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.mirroring import RemovalLimit
from backroom.feeds.pushing import PushOptions
from backroom.feeds.source_catalog import SourceCatalog
from backroom.feeds.tallies import counts
from backroom.feeds.watching import PushWatch
from backroom.revisions import NEWEST
from feeds.catalogs import catalog_of, change, create, load, load_rows, paced, sent_operations
from feeds.other_server import other_server
from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeClient

ITEMS = 30
ID = "$custom:::$default:::"


@pytest.fixture
def source(make_client: MakeClient) -> Client:
    made = make_client()
    load(made, ITEMS, random.Random(0))
    return made


class ReadEachTime(SourceCatalog):
    """A source without a mark. PostgreSQL may say of a change seconds later, and no test waits."""

    def mark(self) -> str:
        return ""


def a_watch(
    source: Client,
    target: Client,
    mode: str = "mirror",
    limit: str = "10%",
    catalog: SourceCatalog | None = None,
) -> PushWatch:
    options = PushOptions(checked_by(NEWEST), RemovalLimit(limit))
    catalog = catalog or ReadEachTime(paced(source))
    return PushWatch(catalog, paced(target), Ledger(None), MODES[mode], options)


def delete(client: Client, external_id: str) -> None:
    path = f"/api/catalog-items/$custom:::$default:::{external_id}"
    assert client.request("DELETE", path).status == 204


@pytest.mark.slow
def test_changes_are_sent_on(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    assert watch.once()
    assert catalog_of(client) == catalog_of(source)
    change(source, ITEMS, random.Random(2))
    assert watch.once()
    assert catalog_of(client) == catalog_of(source)


def test_without_changes_nothing_is_sent(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    watch.once()
    before = sent_operations(client)
    assert watch.once() is None
    assert sent_operations(client) == before


def test_unchanged_source_is_not_read(source: Client, client: Client) -> None:
    catalog = SourceCatalog(paced(source))
    watch = a_watch(source, client, catalog=catalog)
    watch.once()
    # The target is of the same server, which counts what was sent too, and may do so later.
    until(lambda: requests_of(catalog, watch) == 1, "a mark that stays")
    create(source, "new")
    until(lambda: watch.once() is not None, "the change")
    assert catalog_of(client) == catalog_of(source)


def requests_of(catalog: SourceCatalog, watch: PushWatch) -> int:
    asked: list[None] = []
    catalog.client.asking = lambda: asked.append(None)
    watch.once()
    return len(asked)


def test_change_of_an_item_asks_the_target_little(source: Client, client: Client) -> None:
    kinds = ({"type": "category", "external_id": f"L{each}", "name": "L"} for each in range(20))
    load_rows(source, *kinds)
    watch = a_watch(source, client)
    watch.once()
    path = f"/api/catalog-items/{ID}C1"
    text = {"title": "another"}
    body = {"data": {"type": "catalog-item", "id": f"{ID}C1", "attributes": text}}
    assert source.request("PATCH", path, json=body).status == 200
    asked: list[None] = []
    watch._target.asking = lambda: asked.append(None)  # noqa: SLF001
    assert watch.once()
    assert len(asked) < 10
    assert catalog_of(client) == catalog_of(source)


@pytest.mark.slow
def test_source_without_mark_is_read(source: Client, client: Client) -> None:
    with other_server(source.url) as service, other_server(client.url) as target:
        catalog = SourceCatalog(paced(Client(service.url, source.key)))
        watch = a_watch(source, Client(target.url, client.key), catalog=catalog)
        watch.once()
        change(source, ITEMS, random.Random(2))
        assert watch.once()
        assert watch.once() is None
    assert catalog_of(client) == catalog_of(source)
    asked = {"GET /_backroom/changes", "GET /_backroom/changes/{id}"}
    assert set(service.unpublished) == asked
    assert target.unpublished == []


def test_refused_row_is_sent_again(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    numbers = {"price": 1, "inventory_quantity": 1}
    lone = {"external_id": "lone", "title": "", "description": "", "sku": "", "url": ""}
    body = {"data": {"type": "catalog-variant", "attributes": lone | numbers}}
    made = source.request("POST", "/api/catalog-variants", json=body, revision="2024-10-15")
    assert made.status == 201
    for _ in range(2):
        push = watch.once()
        assert push
        assert counts(push.ledger)["variant"]["failed"] == 1
    assert watch.once() is None


@pytest.mark.slow
def test_deletions_need_their_mode(source: Client, client: Client) -> None:
    watch = a_watch(source, client, mode="upsert")
    watch.once()
    whole = catalog_of(client)
    delete(source, "C1")
    assert watch.once() is None
    assert catalog_of(client) == whole
    create(source, "C1")
    assert watch.once()
    assert len(catalog_of(client)) == len(whole)


def test_too_many_deletions_are_held_back(source: Client, client: Client) -> None:
    watch = a_watch(source, client, limit="3")
    held: list[tuple[int, int]] = []
    watch.holding = lambda *numbers: held.append(numbers)
    watch.once()
    delete(source, "C1")
    delete(source, "C2")
    create(source, "new")
    watch.once()
    assert held == [(4, 3)]
    assert len(catalog_of(client)) == len(catalog_of(source)) + 4


@pytest.mark.slow
def test_what_only_the_target_has_stays(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    watch.once()
    create(client, "own")
    delete(source, "C1")
    watch.once()
    assert len(catalog_of(client)) == len(catalog_of(source)) + 1


@pytest.mark.slow
def test_small_change_reads_little(source: Client, client: Client) -> None:
    catalog = ReadEachTime(paced(source))
    watch = a_watch(source, client, catalog=catalog)
    watch.once()
    whole = [page for page in catalog.pages() for _ in page]
    read: list[str] = []
    catalog.pages = lambda: pytest.fail("read as a whole")  # type: ignore[method-assign]
    some = catalog.some
    catalog.some = lambda kind, owners: (read.extend(owners), some(kind, owners))[1]  # type: ignore[method-assign, func-returns-value]
    create(source, "new")
    delete(source, "C2")
    assert watch.once()
    assert read == ["new"]
    assert len(whole) > ITEMS
    assert catalog_of(client) == catalog_of(source)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_changes_and_kills_end_equal(
    source: Client, client: Client, tmp_path: Path, seed: int
) -> None:
    chances = random.Random(seed)
    for _ in range(8):
        for _ in range(chances.randrange(1, 4)):
            change_by_chance(source, chances)
        # 1. A push that stays is killed at any of its requests.
        watch_until_killed(source, client, tmp_path, chances.randrange(1, 60))
        change_by_chance(source, chances)
        # 2. Another one goes on with the same file, until nothing differs.
        watch_until_killed(source, client, tmp_path, 10_000)
        assert catalog_of(client) == catalog_of(source)


def watch_until_killed(source: Client, target: Client, place: Path, requests: int) -> None:
    """Let a watch with a file make so many requests at most."""
    left = [requests]

    def ask() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    ledger = Ledger(place / "push-progress")
    catalog = ReadEachTime(paced(source))
    options = PushOptions(checked_by(NEWEST), RemovalLimit("100%"))
    sender = paced(target)
    watch = PushWatch(catalog, sender, ledger, MODES["mirror"], options)
    catalog.client.asking = sender.asking = ask
    try:
        while watch.once():
            pass
    except Killed:
        pass
    finally:
        ledger.close()


def change_by_chance(client: Client, chances: random.Random) -> None:
    """Create, update, delete or relate something."""
    name = f"C{chances.randrange(ITEMS)}"
    category = f"K{chances.randrange(5)}"
    match chances.randrange(5):
        case 0:
            change(client, ITEMS, chances)
        case 1:
            kind = {"type": "catalog-category", "attributes": {"external_id": category, "name": ""}}
            client.request("POST", "/api/catalog-categories", json={"data": kind})
        case 2:
            client.request("DELETE", f"/api/catalog-items/{ID}{name}")
        case 3 | 4:
            path = f"/api/catalog-categories/{ID}{category}/relationships/items"
            body = {"data": [{"type": "catalog-item", "id": f"{ID}{name}"}]}
            client.request(chances.choice(["POST", "DELETE", "PATCH"]), path, json=body)


def test_other_push_begins_anew(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    watch.begin_for("one")
    watch.once()
    assert watch.knows
    watch.begin_for("another")
    assert not watch.knows
