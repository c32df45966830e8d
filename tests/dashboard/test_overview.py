from __future__ import annotations

import html
from typing import TYPE_CHECKING

from backroom.dashboard.sizes import CatalogSizes
from backroom.store import activity
from support.factories import a_body, a_kind_of_job, a_resource
from support.visitor import DASHBOARD_PATH, HOME, Visitor

if TYPE_CHECKING:
    import pytest

    from support.client import Client


def test_sizes_of_catalogs_are_shown(
    visitor: Visitor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test may have had them counted a moment ago.
    monkeypatch.setattr(CatalogSizes, "now", lambda _, tx: activity.catalog_sizes(tx))
    client.post("/api/catalog-items", {"data": a_resource("item")})
    assert "Items 0" not in visitor.words(HOME)


def test_failed_jobs_are_named(visitor: Visitor, client: Client) -> None:
    resource = a_resource("item")
    kind = a_kind_of_job("item", "create")
    posted = client.post(f"/api/{kind.collection}", a_body(kind, resource, resource))
    client.completed(f"/api/{kind.collection}", posted.job_id)
    words = visitor.words(HOME)
    assert "1 operation of 2 failed in a job to create items" in words
    assert "already exists" in words


def test_refused_requests_are_named(visitor: Visitor, client: Client) -> None:
    visitor.read(HOME)
    client.get("/api/catalog-items/x")
    assert "404 get catalog item" in visitor.words(HOME)


def test_limits_in_use_are_shown(visitor: Visitor, client: Client) -> None:
    client.get("/api/catalog-categories")
    assert "get catalog categories" in visitor.words(HOME)
    assert "of 35,000" in visitor.words(HOME)


def test_live_part_comes_at_once(visitor: Visitor) -> None:
    with visitor.following(f"{DASHBOARD_PATH}/live/overview") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.read1().startswith(b"event: part\ndata: ")
    answer.close()


def test_refusals_lead_to_their_requests(visitor: Visitor, client: Client) -> None:
    visitor.read(HOME)
    client.get("/api/catalog-items/such")
    client.get("/api/nowhere")
    for query in ("status=404&amp;text=get_catalog_item", "status=404&amp;method=GET"):
        link = f"{DASHBOARD_PATH}/requests?{query}"
        assert f'href="{link}"' in visitor.read(HOME)
        assert "404 GET /api/" in visitor.words(html.unescape(link))
