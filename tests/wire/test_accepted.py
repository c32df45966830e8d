"""Operations that are only accepted: held to the revision's shape, answered, kept and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.neighbours import NEIGHBOURS
from backroom.store import kept
from support.client import NEWEST
from support.neighbours import PUBLISHED, a_neighbour_body
from support.wire_answers import DETAILED, hold_error
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from backroom.server import Server
    from conftest import MakeClient
    from support.client import Answer, Client
    from support.neighbours import Place

ACCEPTED = [each for each in NEIGHBOURS if each.method == "POST" and not each.whole]
PROFILES = "/api/profiles"
IMPORT = "/api/profile-import"


def sent(client: Client, place: Place, body: Any, **more: Any) -> Answer:
    if place[1].startswith("/client/"):
        named = {"company_id": client.account}
        more = {"query": named, "headers": {"Authorization": None}} | more
    return client.post(place[1], body, **more)


def a_profile(**attributes: Any) -> Any:
    return {"data": {"type": "profile", "attributes": attributes}}


@every_revision
def test_bodies_are_kept_as_sent(client: Client, live_server: Server, revision: str) -> None:
    served = [each for each in ACCEPTED if revision >= each.since]
    for each in served:
        place = (each.method, each.path)
        body = a_neighbour_body(revision, place)
        if each.name == "create_or_update_profile":
            body["data"]["id"] = "known"
        assert sent(client, place, body, revision=revision).status == each.status
        with live_server.database.read() as tx:
            last = kept.kept_requests(tx, client.account)[-1]
        assert (last.operation, last.revision) == (each.name, revision)


@every_revision
def test_unknown_members_are_refused(client: Client, revision: str) -> None:
    for each in ACCEPTED:
        if revision >= each.since:
            place = (each.method, each.path)
            body = a_neighbour_body(revision, place)
            body["data"]["attributes"]["colour"] = "red"
            answer = sent(client, place, body, revision=revision)
            hold_error(answer, 400, source={"pointer": "/data/attributes/colour"})


@every_revision
def test_created_profiles_are_listed(client: Client, revision: str) -> None:
    made = [
        client.post(PROFILES, a_profile(email=f"{name}@shop.example"), revision=revision)
        for name in "abc"
    ]
    assert [each.status for each in made] == [201] * 3
    page = client.get(PROFILES, revision=revision).json
    assert [each["id"] for each in page["data"]] == [each.json["data"]["id"] for each in made]
    assert page["data"] == [each.json["data"] for each in made]


def test_second_create_is_a_conflict(client: Client) -> None:
    first = client.post(PROFILES, a_profile(email="a@shop.example", first_name="Ada"))
    answer = client.post(PROFILES, a_profile(email="a@shop.example", external_id="7"))
    meta = {"duplicate_profile_id": first.json["data"]["id"]}
    extra = DETAILED | {"meta": meta}
    source = {"pointer": "/data/attributes"}
    hold_error(answer, 409, "duplicate_profile", "Conflict.", source=source, extra=extra)


def test_import_changes_what_it_finds(client: Client) -> None:
    properties = {"shoes": 38}
    first = client.post(IMPORT, a_profile(email="a@shop.example", properties=properties))
    second = client.post(
        IMPORT, a_profile(email="a@shop.example", last_name="Lovelace", properties={"hat": "M"})
    )
    assert (first.status, second.status) == (200, 200)
    assert first.json["data"]["id"] == second.json["data"]["id"]
    shown = second.json["data"]["attributes"]
    assert (shown["last_name"], shown["properties"]) == ("Lovelace", {"shoes": 38, "hat": "M"})
    assert len(client.get(PROFILES).json["data"]) == 1


def test_profiles_are_filtered_and_paged(client: Client) -> None:
    for name in "abcde":
        client.post(PROFILES, a_profile(email=f"{name}@shop.example", external_id=name))
    query = {"filter": 'equals(email,"c@shop.example")', "fields[profile]": "email"}
    (found,) = client.get(PROFILES, query=query).json["data"]
    assert found["attributes"] == {"email": "c@shop.example"}
    url: str | None = f"{client.url}{PROFILES}?page[size]=2&sort=-created"
    names = []
    while url:
        page = client.get(url).json
        names += [each["attributes"]["external_id"] for each in page["data"]]
        url = page["links"]["next"]
    assert names == list("edcba")


@pytest.mark.parametrize(
    "query",
    [
        {"filter": 'contains(email,"a")'},
        {"filter": "nonsense"},
        {"page[size]": "101"},
        {"sort": "colour"},
        {"fields[profile]": "colour"},
        {"colour": "red"},
    ],
)
def test_wrong_queries_are_refused(client: Client, query: dict[str, str]) -> None:
    answer = client.get(PROFILES, query=query)
    assert (answer.status, answer.error["code"]) == (400, "invalid")


@every_revision
def test_metrics_are_those_of_events(client: Client, revision: str) -> None:
    assert client.get("/api/metrics", revision=revision).json["data"] == []
    for path in ("/api/events", "/client/events", "/api/event-bulk-create-jobs"):
        if ("POST", path) in PUBLISHED[revision]:
            body = a_neighbour_body(revision, ("POST", path))
            assert sent(client, ("POST", path), body, revision=revision).status == 202
    (metric,) = client.get("/api/metrics", revision=revision).json["data"]
    assert metric["attributes"]["name"] == "Some text"


def test_lists_are_empty_until_made(client: Client, live_server: Server) -> None:
    assert client.get("/api/lists").json["data"] == []
    attributes = {"name": "News"}
    account = client.account
    live_server.database.write(
        lambda tx: kept.put_resource(tx, account, kept.LIST, "Xy1", attributes)
    ).result()
    (shown,) = client.get("/api/lists").json["data"]
    assert (shown["type"], shown["id"], shown["attributes"]["name"]) == ("list", "Xy1", "News")


@pytest.mark.parametrize(
    ("revision", "scope"), [("2023-10-15", "list:read"), (NEWEST, "lists:read")]
)
def test_scopes_are_those_of_the_revision(
    make_client: MakeClient, revision: str, scope: str
) -> None:
    refused = make_client(scopes="catalogs:read").get("/api/lists", revision=revision)
    assert refused.error["detail"].endswith(scope)
    assert make_client(scopes=scope).get("/api/lists", revision=revision).status == 200
    assert make_client(scopes="x:y").get("/api/lists", revision="2022-10-17").status == 200
