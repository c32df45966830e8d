"""One request of the journal: what it says of itself, what is cut, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.revisions import NEWEST
from backroom.testing.journal_entry import LONGEST_BODY

if TYPE_CHECKING:
    from backroom.testing.journal import Journal
    from support.client import Client

ITEMS = "/api/catalog-items"


def item(name: str, **more: Any) -> Any:
    attributes = {"external_id": name, "title": name, "description": "d", "url": "https://a.test"}
    return {"data": {"type": "catalog-item", "attributes": attributes | more}}


def test_request_and_answer_are_kept(caller: Client, journal: Journal) -> None:
    answer = caller.post(ITEMS, item("kept"))
    (entry,) = journal.find()
    shown = entry.as_json()
    assert (shown["method"], shown["path"], shown["status"]) == ("POST", ITEMS, 201)
    assert (shown["operation"], shown["revision"]) == ("create_catalog_item", NEWEST)
    assert (shown["body"], shown["answer"]) == (item("kept"), answer.json)
    assert shown["request_id"] == answer.headers["X-Klaviyo-Req-Id"]
    assert shown["milliseconds"] > 0


def test_keys_are_redacted(caller: Client, journal: Journal) -> None:
    caller.post(f"{ITEMS}?key={caller.key}", item("x", title=caller.key))
    (entry,) = journal.find()
    assert caller.key not in str(entry.as_json())
    assert entry.as_json()["authorization"] == "Klaviyo-API-Key pk_***"


def test_long_bodies_are_cut(caller: Client, journal: Journal) -> None:
    caller.post(ITEMS, item("x", description="d" * 10 * LONGEST_BODY))
    (entry,) = journal.find()
    assert entry.as_json()["cut"] is True
    assert len(entry.body.text) == LONGEST_BODY
    assert entry.body.length > 10 * LONGEST_BODY


def test_refusals_keep_no_frames(caller: Client, journal: Journal) -> None:
    caller.get("/api/catalog-items/absent")
    caller.post(ITEMS, {})
    refused = journal.find()
    assert [each.status for each in refused] == [404, 400]
    for entry in refused:
        assert entry.refusal is not None
        assert (entry.refusal.__traceback__, entry.refusal.__context__) == (None, None)
