from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds import source_digests
from backroom.feeds.known import KnownCatalog
from backroom.feeds.ledger import Ledger
from backroom.feeds.source_digests import SourceDigests
from feeds.catalogs import create, load, paced
from feeds.other_server import other_server
from support.client import Client

if TYPE_CHECKING:
    from conftest import MakeClient

ID = "$custom:::$default:::"


@pytest.fixture
def source(make_client: MakeClient) -> Client:
    made = make_client()
    load(made, 5, random.Random(0))
    return made


@pytest.fixture
def digests(source: Client) -> SourceDigests:
    """Digests that have been read and kept once."""
    ledger = Ledger(None)
    KnownCatalog(ledger)
    made = SourceDigests(paced(source), ledger)
    assert made.changes() is None
    made.keep()
    return made


def found(digests: SourceDigests) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    changes = digests.changes()
    assert changes is not None
    changed = {kind: sorted(ids) for kind, ids in changes.changed.items() if ids}
    return changed, {kind: ids for kind, ids in changes.gone.items() if ids}


def test_without_changes_nothing_differs(digests: SourceDigests) -> None:
    assert found(digests) == ({}, {})


def test_new_item_alone_differs(source: Client, digests: SourceDigests) -> None:
    create(source, "new")
    assert found(digests) == ({ITEM.name: ["new"]}, {})


def test_deleted_item_is_gone_with_its_variant(source: Client, digests: SourceDigests) -> None:
    source.request("DELETE", f"/api/catalog-items/{ID}C1")
    assert found(digests) == ({}, {ITEM.name: {"C1"}, VARIANT.name: {"V1"}})


def test_relation_makes_its_items_differ(source: Client, digests: SourceDigests) -> None:
    category = {"type": "catalog-category", "attributes": {"external_id": "K", "name": "K"}}
    assert source.request("POST", "/api/catalog-categories", json={"data": category}).status == 201
    body = {"data": [{"type": "catalog-item", "id": f"{ID}C2"}]}
    path = f"/api/catalog-categories/{ID}K/relationships/items"
    assert source.request("POST", path, json=body).status == 204
    assert found(digests) == ({CATEGORY.name: ["K"], ITEM.name: ["C2"]}, {})


def test_what_is_not_kept_is_found_again(source: Client, digests: SourceDigests) -> None:
    create(source, "new")
    assert found(digests) == found(digests)
    digests.keep()
    assert found(digests) == ({}, {})


def test_many_changes_ask_for_everything(
    source: Client, digests: SourceDigests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_digests, "MOST_CHANGED", 1)
    create(source, "one")
    create(source, "two")
    assert digests.changes() is None
    digests.keep()
    assert found(digests) == ({}, {})


def test_unknown_resources_differ_again(digests: SourceDigests) -> None:
    digests.reopen_unknown()
    changed, _ = found(digests)
    assert changed[ITEM.name] == [f"C{number}" for number in range(5)]


def test_other_server_is_asked_once(source: Client) -> None:
    with other_server(source.url) as service:
        digests = SourceDigests(paced(Client(service.url, source.key)), Ledger(None))
        assert digests.changes() is None
        assert digests.changes() is None
    assert len(service.unpublished) == 1
