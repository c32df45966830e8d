"""The page of one job over HTTP."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import JOB_KINDS
from backroom.dashboard.job import Reason, Side, pretty, reason_of, sides_of, values_where
from backroom.store import job_requests
from dashboard.conftest import signed_in
from support.factories import a_body, a_resource
from support.job_shop import CREATES
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from support.job_shop import Shop
    from support.visitor import Visitor


@pytest.fixture
def visitor(live_server: Server) -> Visitor:
    """Somebody who has signed in."""
    return signed_in(live_server)


def test_results_stand_beside_operations(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a/b")
    page = visitor.read(shop.path(shop.ended("c", "a/b")))
    assert page.index("failed</span>") < page.index("created</span>")
    assert f'/dashboard/catalog/{shop.account}/item/a%2Fb"' in page
    words = visitor.words(shop.path(shop.ended("d")))
    assert "All 1 Created 1" in words
    assert '"external_id": "d"' in words


def test_results_are_filtered(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    path = shop.path(shop.ended("a", "b"))
    only = visitor.read(f"{path}/rest?only=failed")
    assert '"external_id": "b"' not in html.unescape(only)
    assert only.count("<details") == 1
    assert visitor.read(path).count("<details") == 2


def test_dropped_request_leaves_the_errors(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    job_id = shop.ended("a")
    key = [(shop.account, job_id)]
    shop.server.database.write(lambda tx: job_requests.drop_operations(tx, key)).result()
    words = visitor.words(shop.path(job_id))
    assert "The server no longer has the operations" in words
    assert "already exists" in words
    assert "Retry" not in words


def test_revisions_are_compared(shop: Shop, visitor: Visitor) -> None:
    path = shop.path(shop.ended("a"))
    page = visitor.read(f"{path}?left=2023-02-22&right=2026-10-15")
    assert "<option selected>2023-02-22</option>" in page
    assert page.count('<span class="status s2">200</span>') == 2
    same = visitor.read(f"{path}?left=2026-10-15&right=2026-10-15")
    assert 'class="differs"' not in same
    assert 'class="differs"' in visitor.read(f"{path}?left=2022-10-17")


def test_looking_counts_as_no_read(shop: Shop, visitor: Visitor) -> None:
    shop.hold(stay=False, after_reads=1)
    job_id = shop.send("a")
    visitor.read(shop.path(job_id))
    assert shop.state(job_id) == "processing"
    shop.client.get(f"/api/catalog-item-bulk-create-jobs/{job_id}")
    assert shop.state(job_id) == "complete"


@pytest.mark.parametrize("end", ["", "/rest", "/retry"])
def test_unknown_job_is_404(visitor: Visitor, shop: Shop, end: str) -> None:
    answer = visitor.ask("GET", shop.path("none") + end)
    assert (answer.status, b"has no job none" in answer.data) == (404, True)


def test_watched_job_may_be_gone(shop: Shop, visitor: Visitor) -> None:
    with visitor.following(f"{shop.path('none')}/live") as answer:
        assert b"The job is gone" in answer.read1(10_000)


def test_lines_stand_side_by_side() -> None:
    assert sides_of("a\nb\nc", "a\nx\ny\nc") == [
        Side("a", "a", differs=False),
        Side("b", "x", differs=True),
        Side(None, "y", differs=True),
        Side("c", "c", differs=False),
    ]


def test_lines_that_are_cut_off_differ_in_nothing() -> None:
    same = "\n".join(map(str, range(2000)))
    sides = sides_of(same, f"first\n{same}")
    assert sides[0] == Side(None, "first", differs=True)
    assert [each for each in sides[1:] if each.differs] == []


def test_texts_are_for_people() -> None:
    assert pretty(b'{"a":1}') == '{\n  "a": 1\n}'
    assert pretty(b"no json") == "no json"
    assert reason_of(None) is None
    assert reason_of({"meta": {"id": "x"}, "detail": "d"}) == Reason("x", "d", "")


@pytest.mark.parametrize(
    ("pointer", "values"),
    [
        ("/data/attributes/items/data/attributes/title", [7]),
        ("/data/attributes/items/data/relationships/categories/data/id", ["hats", "caps"]),
        ("/data/attributes/items/data/attributes/missing", []),
        ("/data/attributes/items", []),
        ("", []),
    ],
)
def test_pointers_lead_into_operations(pointer: str, values: list[Any]) -> None:
    linkage = [{"type": "catalog-category", "id": each} for each in ("hats", "caps")]
    resource = {"attributes": {"title": 7}, "relationships": {"categories": {"data": linkage}}}
    assert values_where(resource, pointer) == values


def test_failure_shows_the_value(shop: Shop, visitor: Visitor) -> None:
    item = a_resource("item", "a")
    item["relationships"] = {
        "categories": {"data": [{"type": "catalog-category", "id": "$custom:::$default:::none"}]}
    }
    job_id = shop.client.post(f"/api/{CREATES}s", a_body(JOB_KINDS[CREATES], item)).job_id
    until(lambda: shop.state(job_id) == "complete", "the job is complete")
    words = 'The value is "$custom:::$default:::none"'
    assert words in visitor.words(shop.path(job_id))
    assert words in visitor.words(f"{shop.path(job_id)}/retry")


def test_value_in_the_words_is_shown_once(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    words = visitor.words(shop.path(shop.ended("a")))
    assert "already exists" in words
    assert "The value is" not in words


def test_correction_is_named_and_not_retried(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a", "b")
    failed = shop.path(shop.ended("a", "b"))
    changed = {"type": "catalog-item", "id": resource_id("a"), "attributes": {"title": "A"}}
    update = JOB_KINDS["catalog-item-bulk-update-job"]
    later = shop.client.post(f"/api/{update.collection}", a_body(update, changed)).job_id
    shop.client.completed(f"/api/{update.collection}", later)
    words = visitor.words(failed)
    assert "Corrected since 1" in words
    assert "Since corrected by a later job" in words
    assert f'href="{shop.path(later)}"' in visitor.read(failed)
    retry = visitor.read(f"{failed}/retry")
    assert "1 operation that failed is not here" in retry
    assert [
        each in html.unescape(retry) for each in ('"external_id": "a"', '"external_id": "b"')
    ] == [
        False,
        True,
    ]


def test_corrected_job_needs_no_retry(shop: Shop, visitor: Visitor) -> None:
    shop.ended("a")
    failed = shop.path(shop.ended("a"))
    assert "Retry the failed operation" in visitor.words(failed)
    changed = {"type": "catalog-item", "id": resource_id("a"), "attributes": {"title": "A"}}
    path = f"/api/catalog-items/{resource_id('a')}"
    shop.client.request("PATCH", path, json={"data": changed})
    words = visitor.words(failed)
    assert "All that failed was corrected since." in words
    assert "Since corrected by a call, update catalog item" in words
    assert "Retry the failed operation" not in words
