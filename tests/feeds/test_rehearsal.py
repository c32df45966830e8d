from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.api_client import ApiClient
from backroom.feeds.client_errors import OperationRefusal
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.ledger import Ledger
from backroom.feeds.mirroring import RemovalLimit, TooManyRemovalsError, plan_removals
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.tallies import counts, findings, row_changes
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from support.client import Client

TEXTS = {"title": "Cap", "description": "", "url": "u"}
CAP = Row(1, ITEM, "C1", TEXTS, ("hats",))
HATS = Row(2, CATEGORY, "hats", {"name": "Hats"})
SOLD = {**TEXTS, "sku": "1", "price": 1, "inventory_quantity": 1}


def rehearsed(
    client: Client, *rows: Row | RowFault, mode: str = "upsert", limit: str = "10%"
) -> Ledger:
    ledger = Ledger(None)
    ledger.stage(rows)
    server = ApiClient(client.url, client.key, NEWEST, 10)
    comparison = Comparison(server, ledger, MODES[mode])
    if comparison.mode.mirrors:
        plan_removals(comparison, RemovalLimit(limit))
    refusing = {b"cheap": OperationRefusal("attributes/price", "A valid number is required.")}
    rehearsal = Rehearsal(
        comparison,
        lambda _, sent: next((what for word, what in refusing.items() if word in sent), None),
    )
    rehearsal.run(lambda *_: None)
    return ledger


def create(client: Client, kind: str, **attributes: Any) -> None:
    data = {"type": f"catalog-{kind}", "attributes": attributes}
    path = {"item": "items", "category": "categories"}[kind]
    assert client.post(f"/api/catalog-{path}", json={"data": data}).status == 201


def test_changes_are_named(client: Client) -> None:
    create(client, "item", external_id="C1", **TEXTS | {"title": "Old"})
    ledger = rehearsed(client, CAP, HATS)
    assert [each[1:] for each in row_changes(ledger)] == [
        ("item", "C1", "updated", "title,categories"),
        ("category", "hats", "created", ""),
    ]


def test_nothing_is_sent(client: Client) -> None:
    rehearsed(client, CAP, HATS)
    assert client.get("/api/catalog-items").json["data"] == []
    assert client.get("/api/catalog-item-bulk-create-jobs").json["data"] == []


def test_refusals_are_foretold(client: Client) -> None:
    wrong = Row(3, ITEM, "C2", {**TEXTS, "price": "cheap"})
    lost = Row(4, VARIANT, "V1", SOLD, ("C9",))
    orphan = Row(5, VARIANT, "V2", SOLD, ("C2",))
    ledger = rehearsed(client, CAP, HATS, wrong, lost, orphan)
    assert [each.line for each in findings(ledger, failed=True)] == [3, 4, 5]


def test_mirror_names_what_goes(client: Client) -> None:
    create(client, "item", external_id="C9", **TEXTS)
    ledger = rehearsed(client, CAP, HATS, mode="mirror", limit="1")
    assert [each[1:4] for each in row_changes(ledger)][-1] == ("item", "C9", "deleted")
    assert counts(ledger)["item"]["deleted"] == 1


def test_mirror_has_a_limit(client: Client) -> None:
    for number in range(3):
        create(client, "item", external_id=f"C{number + 7}", **TEXTS)
    with pytest.raises(TooManyRemovalsError, match="3 of 3 resources on the server are not in"):
        rehearsed(client, CAP, HATS, mode="mirror", limit="50%")


def test_mirror_of_a_broken_feed_deletes_nothing(client: Client) -> None:
    create(client, "item", external_id="C9", **TEXTS)
    ledger = rehearsed(client, CAP, HATS, RowFault(3, "is not JSON"), mode="mirror", limit="100%")
    assert "deleted" not in counts(ledger)["item"]
    (warning,) = findings(ledger, failed=False)
    assert warning.detail == "Nothing was deleted, because rows of the feed can't be read: 1."
