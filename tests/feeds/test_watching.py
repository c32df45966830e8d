from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.mirroring import RemovalLimit
from backroom.feeds.pushing import PushOptions
from backroom.feeds.source_catalog import SourceCatalog
from backroom.feeds.watching import PushWatch
from feeds.catalogs import catalog_of, change, create, load, paced, sent_operations

if TYPE_CHECKING:
    from conftest import MakeClient
    from support.client import Client

ITEMS = 30


@pytest.fixture
def source(make_client: MakeClient) -> Client:
    made = make_client()
    load(made, ITEMS, random.Random(0))
    return made


def a_watch(source: Client, target: Client, mode: str = "mirror", limit: str = "10%") -> PushWatch:
    options = PushOptions(lambda *_: None, RemovalLimit(limit))
    catalog = SourceCatalog(paced(source))
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


def test_what_only_the_target_has_stays(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    watch.once()
    create(client, "own")
    delete(source, "C1")
    watch.once()
    assert len(catalog_of(client)) == len(catalog_of(source)) + 1


def test_other_push_begins_anew(source: Client, client: Client) -> None:
    watch = a_watch(source, client)
    watch.begin_for("one")
    watch.once()
    assert watch.knows
    watch.begin_for("another")
    assert not watch.knows
