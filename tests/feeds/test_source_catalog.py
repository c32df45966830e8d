from __future__ import annotations

import random
from typing import TYPE_CHECKING

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.paced_client import PacedClient
from backroom.feeds.rows import Row
from backroom.feeds.source_catalog import SourceCatalog
from backroom.revisions import NEWEST
from feeds.catalogs import load, paced, rows
from feeds.scripted_server import Answer, scripted

if TYPE_CHECKING:
    from support.client import Client

ID = "$custom:::$default:::"
MANY = 120
"""Items on more than a page."""


def test_rows_are_those_that_were_loaded(client: Client) -> None:
    load(client, MANY, random.Random(0))
    found = {each.external_id: each for each in SourceCatalog(paced(client)).rows()}
    assert len(found) == 2 * MANY + 4
    for row in rows(MANY, random.Random(0)):
        read = found[row["external_id"]]
        assert isinstance(read, Row)
        assert read.kind.name == row["type"]
        related = row.get("categories", [row["item"]] if "item" in row else None)
        assert list(read.related or ()) == (related or [])
        assert read.attributes.get("price") == row.get("price")


def test_rows_are_numbered(client: Client) -> None:
    load(client, 3, random.Random(0))
    lines = [each.line for each in SourceCatalog(paced(client)).rows()]
    assert lines == list(range(1, 11))


def test_present_are_those_that_exist(client: Client) -> None:
    load(client, 2, random.Random(0))
    catalog = SourceCatalog(paced(client))
    assert catalog.present(ITEM, ["C1", "gone"]) == {"C1"}
    assert catalog.present(VARIANT, ["V0", "V1", "C1"]) == {"V0", "V1"}


def test_category_may_go_while_it_is_read() -> None:
    category = {"type": "catalog-category", "id": f"{ID}hats", "attributes": {"name": "Hats"}}
    gone = Answer(404, {"errors": [{"detail": "No."}]})
    with scripted(Answer(200, {"data": [category]}), gone, Answer(200, {"data": []})) as script:
        catalog = SourceCatalog(PacedClient(script.url, "pk", NEWEST, 10))
        assert [each.external_id for each in catalog.rows()] == ["hats"]
