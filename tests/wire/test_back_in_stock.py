"""Subscriptions to the stock of a variant, from servers and from browsers, in each revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.store import keys, subscriptions
from support.client import NEWEST
from support.neighbours import PUBLISHED, a_neighbour_body, having
from support.wire_answers import DETAILED, hold_error
from support.wire_catalog import Catalog, fill_shelf
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from backroom.server import Server
    from backroom.store.subscriptions import Subscription
    from conftest import MakeClient
    from support.client import Answer, Client

OWN = ("POST", "/api/back-in-stock-subscriptions")
PUBLIC = ("POST", "/client/back-in-stock-subscriptions")
UNKNOWN = "The variant in your relationship payload does not exist"
FIRST = "2023-07-15"
MUG = {"catalog-variant": catalog_id("mug-s")}
every_way = pytest.mark.parametrize("place", [OWN, PUBLIC], ids=["api", "client"])


@pytest.fixture
def shelf(make_client: MakeClient) -> Catalog:
    return fill_shelf(make_client(), NEWEST)


def sent(client: Client, place: tuple[str, str], body: Any, **more: Any) -> Answer:
    """Ask as a server does with a key, or as a browser does without one."""
    if place == PUBLIC:
        named = {"company_id": client.account}
        more = {"query": named, "headers": {"Authorization": None}} | more
    return client.post(place[1], body, **more)


def kept(server: Server, client: Client) -> list[Subscription]:
    with server.database.read() as tx:
        return subscriptions.listed(tx, client.account)


@every_way
@having(OWN)
def test_subscription_is_accepted_without_a_body(
    shelf: Catalog, live_server: Server, revision: str, place: tuple[str, str]
) -> None:
    for whole in (True, False):
        body = a_neighbour_body(revision, place, MUG, whole=whole)
        variant = {"type": "catalog-variant", "id": catalog_id("mug-s")}
        body["data"]["relationships"] = {"variant": {"data": variant}}
        answer = sent(shelf.client, place, body, revision=revision)
        assert (answer.status, answer.body) == (202, b"")
        assert answer.status == PUBLISHED[revision][place].status
        assert "Content-Type" not in answer.headers
        assert answer.headers["X-Klaviyo-Api-Revision"] == revision
    first, second = kept(live_server, shelf.client)
    assert (first.variant_id, first.event_id) == (catalog_id("mug-s"), None)
    assert second.subscription_id > first.subscription_id


@every_way
@having(OWN)
def test_unknown_variant_is_not_found(
    client: Client, revision: str, place: tuple[str, str]
) -> None:
    body = a_neighbour_body(revision, place, {"catalog-variant": catalog_id("nothing")})
    answer = sent(client, place, body, revision=revision)
    source = {"pointer": "/data/relationships/variant/data/id"}
    hold_error(answer, 404, "variant_not_found", UNKNOWN, source=source, extra=DETAILED)
    assert answer.error["detail"] == UNKNOWN


@pytest.mark.parametrize("variant_id", ["mug-s", "$custom:::$other:::mug-s", "a" * 276])
def test_foreign_ids_are_not_found(client: Client, variant_id: str) -> None:
    body = a_neighbour_body(NEWEST, OWN, {"catalog-variant": variant_id})
    assert client.post(OWN[1], body).error["code"] == "variant_not_found"


@pytest.mark.parametrize("place", [OWN, PUBLIC])
def test_earlier_revisions_lack_it(client: Client, place: tuple[str, str]) -> None:
    answer = sent(client, place, {}, revision="2023-06-15")
    assert answer.status == 404
    assert answer.error["detail"].startswith("No valid revisions found")


def test_other_methods_are_not_allowed(client: Client) -> None:
    answer = client.get(OWN[1])
    assert (answer.status, answer.error["code"]) == (405, "method_not_allowed")


@having(OWN)
def test_members_are_those_of_the_revision(client: Client, revision: str) -> None:
    body = a_neighbour_body(revision, OWN, MUG)
    body["data"]["attributes"]["channels"] = ["WHATSAPP"]
    answer = client.post(OWN[1], body, revision=revision)
    if revision < "2026-01-15":
        hold_error(answer, 400, source={"pointer": "/data/attributes/channels/0"})
    else:
        assert answer.error["code"] == "variant_not_found"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "catalog-item"}, "/data/type"),
        ({"colour": "red"}, "/data/colour"),
        ({"attributes": {}}, "/data/attributes/channels"),
        ({"attributes": {"channels": "EMAIL"}}, "/data/attributes/channels"),
        ({"attributes": {"channels": None}}, "/data/attributes/channels"),
        ({"relationships": {}}, "/data/relationships/variant"),
        ({"relationships": {"variant": {}}}, "/data/relationships/variant/data"),
        ({"relationships": None}, "/data/relationships"),
    ],
)
def test_faults_point_to_the_member(client: Client, change: Any, pointer: str) -> None:
    body = a_neighbour_body(NEWEST, OWN, MUG)
    body["data"] |= change
    hold_error(client.post(OWN[1], body), 400, source={"pointer": pointer})


@pytest.mark.parametrize("revision", ["2024-05-15", "2024-10-15"])
def test_variant_is_needed_where_undocumented(client: Client, revision: str) -> None:
    body = a_neighbour_body(revision, OWN, MUG, whole=False)
    body["data"].pop("relationships", None)
    answer = client.post(OWN[1], body, revision=revision)
    hold_error(answer, 400, source={"pointer": "/data/relationships/variant"})


@pytest.mark.parametrize(
    ("scopes", "lacking"),
    [
        ("catalogs:write", "profiles:write"),
        ("profiles:write", "catalogs:write"),
        ("catalogs:read", "catalogs:write, profiles:write"),
    ],
)
def test_both_scopes_are_needed(make_client: MakeClient, scopes: str, lacking: str) -> None:
    answer = make_client(scopes=scopes).post(OWN[1], a_neighbour_body(NEWEST, OWN, MUG))
    assert answer.status == 403
    assert answer.error["detail"] == f"Your API key is missing required scopes: {lacking}"


@every_way
def test_rates_are_the_published_ones(limited_client: Client, place: tuple[str, str]) -> None:
    answer = sent(limited_client, place, a_neighbour_body(NEWEST, place, MUG))
    assert answer.headers["RateLimit-Limit"] == "350, 350;w=1, 3500;w=60"


@pytest.mark.parametrize("query", [None, {"company_id": "nobody"}, {"company_id": "\0"}])
def test_browsers_name_the_account(client: Client, query: Any) -> None:
    body = a_neighbour_body(NEWEST, PUBLIC, MUG)
    answer = sent(client, PUBLIC, body, query=query)
    hold_error(answer, 400, source={"parameter": "company_id"})


def test_other_parameters_are_refused(client: Client) -> None:
    query = {"company_id": client.account, "sort": "created"}
    answer = sent(client, PUBLIC, a_neighbour_body(NEWEST, PUBLIC, MUG), query=query)
    assert answer.error["detail"].startswith("'sort' is not a valid field")


def test_slash_at_the_end_is_taken(shelf: Catalog) -> None:
    body = a_neighbour_body(NEWEST, OWN, MUG)
    assert shelf.client.post(f"{OWN[1]}/", body).status == 202
    query = {"company_id": shelf.client.account}
    assert sent(shelf.client, (PUBLIC[0], f"{PUBLIC[1]}/"), body, query=query).status == 202


def test_event_comes_once_with_the_stock(shelf: Catalog, live_server: Server) -> None:
    client = shelf.client
    assert shelf.update("variant", "mug-s", inventory_quantity=0).status == 200
    body = a_neighbour_body(NEWEST, OWN, MUG)
    assert sent(client, OWN, body).status == 202
    assert sent(client, PUBLIC, body).status == 202
    assert [each.event_id for each in kept(live_server, client)] == [None, None]
    shelf.update("variant", "mug-s", inventory_quantity=7)
    first = kept(live_server, client)
    assert [each.quantity for each in first] == ["7", "7"]
    assert len({each.event_id for each in first}) == 2
    for quantity in (0, 9):
        shelf.update("variant", "mug-s", inventory_quantity=quantity)
    assert kept(live_server, client) == first


def test_public_id_opens_nothing_else(client: Client, live_server: Server) -> None:
    account = client.account
    answer = client.get(f"/api/catalog-items?company_id={account}", headers={"Authorization": None})
    assert answer.status == 401
    with live_server.database.read() as tx:
        assert keys.has_account(tx, account)
