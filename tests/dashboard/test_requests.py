from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.control.table import perform
from conftest import running
from support.factories import a_resource
from support.visitor import DASHBOARD_PATH, TOKEN, Visitor

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client

PATH = f"{DASHBOARD_PATH}/requests"


def last(shown: Server) -> int:
    assert shown.journal is not None
    return shown.journal.last


def test_newest_request_is_first(visitor: Visitor, client: Client) -> None:
    client.get("/api/catalog-variants")
    client.get("/api/catalog-categories")
    found = re.findall(r"GET (/api/[a-z-]+)", visitor.read(PATH))
    assert found[:2] == ["/api/catalog-categories", "/api/catalog-variants"]


@pytest.mark.parametrize(
    ("query", "count"),
    [("status=404", 1), ("status=2xx", 1), ("method=POST", 0), ("text=CATALOG-ITEMS", 2)],
)
def test_filters_narrow_the_list(visitor: Visitor, client: Client, query: str, count: int) -> None:
    client.get("/api/catalog-items")
    client.get("/api/catalog-items/x")
    found = visitor.read(f"{PATH}?account={client.account}&{query}")
    assert found.count('<tr id="request-') == count


def test_older_requests_follow(visitor: Visitor, client: Client) -> None:
    for _ in range(103):
        client.get("/api/catalog-items")
    first = visitor.read(f"{PATH}?account={client.account}")
    assert first.count('<tr id="request-') == 100
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older is not None
    second = visitor.read(older[1].replace("&amp;", "&"))
    assert second.count('<tr id="request-') == 3
    assert "Back to the newest" in second


def test_filters_without_a_match_say_so(visitor: Visitor, client: Client) -> None:
    client.get("/api/catalog-items")
    assert "No request in the journal matches." in visitor.words(f"{PATH}?text=nowhere")


def test_requests_of_another_day_have_their_date(
    visitor: Visitor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/api/catalog-items")
    path = f"{PATH}?account={client.account}"
    today = clock.now()
    assert f"{today:%Y-%m-%d} " not in visitor.words(path)
    monkeypatch.setattr(clock, "now", lambda: today + timedelta(days=1))
    assert f"{today:%Y-%m-%d} " in visitor.words(path)


def test_refusal_is_explained(visitor: Visitor, client: Client, shown: Server) -> None:
    resource = a_resource("item")
    resource["attributes"]["title"] = 5
    client.post("/api/catalog-items", {"data": resource})
    words = visitor.words(f"{PATH}/{last(shown)}")
    assert "Not a valid string. /data/attributes/title The value is 5" in words
    assert "A member of the body is missing, unknown or wrong" in words


def test_wrong_parameter_is_named(visitor: Visitor, client: Client, shown: Server) -> None:
    client.get("/api/catalog-items?sort=colour")
    assert "parameter sort" in visitor.words(f"{PATH}/{last(shown)}")


def test_request_is_sent_again(visitor: Visitor, client: Client, shown: Server) -> None:
    client.post("/api/catalog-items", {"data": a_resource("item")})
    number = last(shown)
    answer = visitor.send(f"{PATH}/{number}/send")
    assert answer.status == 303
    location = answer.headers["location"]
    assert location == f"{PATH}/{last(shown)}?with={number}"
    words = visitor.words(location)
    assert words.startswith("Requests 409")
    assert "409 POST /api/catalog-items" in words
    assert "already exists" in words
    assert "-201" in words
    assert "+409" in words


def test_injected_fault_is_named(visitor: Visitor, client: Client, shown: Server) -> None:
    wish = {"status": 503, "account": client.account}
    number = perform(shown.control, "POST", "/faults", wish)["number"]
    client.post("/api/catalog-items", {"data": a_resource("item")})
    words = visitor.words(f"{PATH}/{last(shown)}")
    assert f"Injected fault {number} struck this request." in words
    # The error points to the whole body, which is no value that was wrong.
    assert "The value is" not in words
    assert f"injected fault {number}" in visitor.words(f"{PATH}?account={client.account}")


def test_curl_has_no_key(visitor: Visitor, client: Client, shown: Server) -> None:
    client.post("/api/catalog-items", {"data": a_resource("item")})
    page = visitor.read(f"{PATH}/{last(shown)}")
    assert "Klaviyo-API-Key $KLAVIYO_API_KEY" in page
    assert client.key not in page


def test_strangers_cannot_be_sent_again(visitor: Visitor, shown: Server) -> None:
    visitor.pool.request("GET", f"{shown.url}/api/catalog-items")
    number = last(shown)
    assert "the server does not know its account" in visitor.words(f"{PATH}/{number}")
    assert visitor.send(f"{PATH}/{number}/send").status == 409


def test_forgotten_request_says_so(visitor: Visitor) -> None:
    answer = visitor.ask("GET", f"{PATH}/999999")
    assert answer.status == 404
    assert b"The journal no longer has request 999999." in answer.data
    for number in ("x", "9" * 5000):
        assert visitor.ask("GET", f"{PATH}/{number}").status == 404
    assert visitor.ask("GET", f"{PATH}?before={'9' * 5000}").status == 200


@pytest.mark.slow
def test_server_without_journal_says_so() -> None:
    with running(None, control_token=TOKEN, journal="off") as server:
        visitor = Visitor(server.url)
        visitor.sign_in(TOKEN)
        assert "--journal on" in visitor.words(PATH)
        assert visitor.ask("GET", f"{PATH}/1").status == 409


def test_refusal_by_the_head_has_no_body(visitor: Visitor, client: Client, shown: Server) -> None:
    body = {"data": a_resource("item")}
    client.post("/api/catalog-items", body, revision="1999-01-01")
    words = visitor.words(f"{PATH}/{last(shown)}")
    assert "refused the request before it read a body" in words
    assert "it was refused before its body was read" in words
    assert "-d @body.json" in words
