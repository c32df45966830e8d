"""Databases that earlier versions made: `keep_database.py` says how they are kept."""

from __future__ import annotations

import gzip
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.catalog.kinds import KINDS
from backroom.revisions import NEWEST
from backroom.store import open_database
from backroom.store.migrate import migrations
from conftest import running
from store.described import everything, linked, shown
from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Row

pytestmark = pytest.mark.slow

KEPT = Path(__file__).parent / "databases"
EARLIER = sorted(file.name.removesuffix(".gz") for file in KEPT.glob("*.gz"))
ITEMS = "/api/catalog-items"
OWN = "$custom:::$default:::"


@contextmanager
def restored(name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Lay a kept database out as its version left it, and give its URL."""
    content = gzip.decompress((KEPT / f"{name}.gz").read_bytes())
    if name.endswith(".sqlite"):
        path: Path = request.getfixturevalue("tmp_path_factory").mktemp("kept") / "kept.db"
        path.write_bytes(content)
        yield str(path)
        return
    lines = [each for each in content.decode().splitlines() if not each.startswith("\\")]
    with request.getfixturevalue("cluster").databases() as create:
        url = create()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("\n".join(lines).encode())
        yield url


@pytest.fixture(scope="module", params=EARLIER)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    with restored(name, request) as restored_url:
        yield restored_url


@pytest.fixture(scope="module")
def client(name: str, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client with the key of then, on a server of now."""
    with restored(name, request) as restored_url, running(restored_url, limits="off") as server:
        yield Client(server.url, (KEPT / f"{name}.key").read_text().strip())


def test_every_schema_but_the_first_is_kept() -> None:
    kept = {each.partition(".")[0] for each in EARLIER}
    assert kept == {f"schema-{number}" for number in [*migrations("sqlite")][1:-1]}


@pytest.fixture
def fresh(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the same engine."""
    if name.endswith(".sqlite"):
        yield str(tmp_path / "fresh.db")
    else:
        with request.getfixturevalue("cluster").databases() as create:
            yield create()


def schema(url: str) -> list[Row]:
    """The schema that opening a database leaves."""
    opened = open_database(url)
    found = everything(opened)
    opened.close()
    return found


def test_upgraded_schema_equals_fresh(url: str, fresh: str) -> None:
    assert schema(url) == schema(fresh)


def test_rows_get_their_linkage(url: str) -> None:
    with closing(open_database(url)) as opened:
        assert shown(opened) == linked(opened)
        assert any(shown(opened).values())


def test_catalog_is_as_it_was(client: Client) -> None:
    until(lambda: "waiting" in _ids(client, ITEMS), "the job that waited")
    items = [f"item {n}" for n in range(30)]
    assert _ids(client, ITEMS) == {*items, "waiting"}
    assert _ids(client, "/api/catalog-variants") == {f"variant {n}" for n in range(5)}
    assert _ids(client, "/api/catalog-categories") == {"tops"}
    assert _ids(client, f"/api/catalog-categories/{OWN}tops/items") == set(items)
    assert _ids(client, f"{ITEMS}/{OWN}item 1/variants") == {f"variant {n}" for n in range(5)}


def test_rows_show_every_attribute(client: Client) -> None:
    for kind in KINDS.values():
        answer = client.get(f"/api/{kind.collection}", revision=NEWEST)
        shown = [tuple(each["attributes"]) for each in answer.json["data"]]
        assert set(shown) == {kind.shown_at(NEWEST)}


def test_catalog_can_be_searched(client: Client) -> None:
    assert _ids(client, f"{ITEMS}?filter=contains(title,'shirt item 2')") == {
        "item 2",
        *(f"item 2{n}" for n in range(10)),
    }
    assert _ids(client, "/api/catalog-variants?filter=equals(sku,'SKU-variant 3')") == {"variant 3"}


def _ids(client: Client, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status == 200, answer.body
    return {each["id"].removeprefix(OWN) for each in answer.json["data"]}
