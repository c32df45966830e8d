from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.dashboard.sizes import CatalogSizes
from backroom.store import activity
from conftest import client_of, running
from dashboard.conftest import signed_in
from support.factories import a_body, a_kind_of_job, a_resource
from support.visitor import DASHBOARD_PATH, HOME, TOKEN, Visitor, shown_server

if TYPE_CHECKING:
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


def test_figures_say_whose_they_are(postgres_url: str) -> None:
    with shown_server(postgres_url) as server:
        visitor = signed_in(server)
        page = visitor.read(HOME)
        titles = re.findall(r"<article.*?<h2>(.*?)</h2>", page, re.DOTALL)
        requests = visitor.words(f"{DASHBOARD_PATH}/requests")
        testing = visitor.words(f"{DASHBOARD_PATH}/testing")
    scopes = {re.sub(r"<[^>]*>", "", each) for each in titles}
    assert scopes == {
        "Requests this server",
        "Job operations all servers",
        "Refused this server",
        "Answered in this server",
        "Oldest waiting job all servers",
        "Items all servers",
        "Variants all servers",
        "Categories all servers",
    }
    for section in ("Jobs in progress", "Rate limits in use", "Workers"):
        assert f'{section} <span class="scope">' in page
    assert "It does not know the requests to other servers." in page
    assert "These are the requests to this server." in requests
    assert "the faults are those of this server" in testing


def test_lone_server_names_no_others() -> None:
    with shown_server(None) as server:
        words = signed_in(server).words(HOME)
    assert "all servers" not in words
    assert "other servers" not in words


@pytest.mark.slow
def test_limits_in_a_store_are_not_listed() -> None:
    # Nobody answers there. The server counts alone meanwhile.
    store = "redis://127.0.0.1:1"
    with running(None, control_token=TOKEN, limits_store=store) as server:
        client_of(server).get("/api/catalog-items")
        words = signed_in(server).words(HOME)
    assert "in a store that does not list them" in words


def test_beginning_of_the_count_is_said() -> None:
    with shown_server(None) as server:
        words = signed_in(server).words(HOME)
        assert re.search(r"no request since [\d:]{8} UTC, when the count began", words)
        later = clock.now() + timedelta(minutes=2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: later)
            assert "no request in the last minute" in signed_in(server).words(HOME)


def test_lack_of_workers_is_said_at_once(postgres_url: str) -> None:
    with running(postgres_url, control_token=TOKEN, worker="off") as server:
        visitor = signed_in(server)
        assert "No worker is alive, so jobs wait." in visitor.words(HOME)
        server.database.write(
            lambda tx: tx.script(
                "insert into procrastinate.procrastinate_workers (last_heartbeat) values (now())"
            )
        ).result()
        assert "No worker is alive" not in visitor.words(HOME)


def test_stopped_worker_is_said() -> None:
    with shown_server(None) as server:
        server.control.parts["state"] = lambda: "missing"
        words = signed_in(server).words(HOME)
    assert "The worker of this server has stopped, so jobs wait." in words
