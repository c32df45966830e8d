"""The account of the key, as each revision shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.store import shops
from support.client import NEWEST
from support.neighbours import PUBLISHED, having, schema_of
from support.wire_answers import hold_error

if TYPE_CHECKING:
    from backroom.server import Server
    from conftest import MakeClient
    from support.client import Client

LIST = ("GET", "/api/accounts")
ONE = ("GET", "/api/accounts/{id}")


def attributes(client: Client, **more: Any) -> Any:
    return client.get(f"{LIST[1]}/{client.account}", **more).json["data"]["attributes"]


@having(LIST)
def test_list_holds_the_one_account(client: Client, revision: str) -> None:
    (listed,) = client.get(LIST[1], revision=revision).json["data"]
    one = client.get(f"{LIST[1]}/{client.account}", revision=revision).json["data"]
    assert listed == one
    assert one["id"] == one["attributes"]["public_api_key"] == client.account
    assert one["links"]["self"] == f"{client.url}/api/accounts/{client.account}/"


@having(ONE)
def test_attributes_are_those_of_the_revision(client: Client, revision: str) -> None:
    schema = schema_of(PUBLISHED[revision][ONE].response_schema or "")
    published = schema["properties"]["data"]["properties"]["attributes"]["properties"]
    assert set(attributes(client, revision=revision)) == set(published)


def test_fields_are_cut_down(client: Client) -> None:
    names = "contact_information.website_url,contact_information.street_address.city,locale"
    shown = attributes(client, query={"fields[account]": names})
    assert shown == {
        "contact_information": {
            "website_url": "https://mugs.example",
            "street_address": {"city": "Boston"},
        },
        "locale": "en-US",
    }


@pytest.mark.parametrize("query", [{"fields[account]": "colour"}, {"sort": "created"}])
def test_unknown_parameters_are_refused(client: Client, query: dict[str, str]) -> None:
    assert client.get(LIST[1], query=query).error["code"] == "invalid"


def test_other_accounts_are_not_found(client: Client) -> None:
    answer = client.get(f"{LIST[1]}/nobody")
    hold_error(answer, 404, "not_found", "Not found.", source={"pointer": "/data/"})


def test_scope_is_needed(make_client: MakeClient) -> None:
    answer = make_client(scopes="catalogs:read").get(LIST[1])
    assert answer.error["detail"] == "Your API key is missing required scopes: accounts:read"
    assert make_client(scopes="accounts:read").get(LIST[1]).status == 200


def test_second_request_of_a_second_is_throttled(limited_client: Client) -> None:
    first = limited_client.get(LIST[1])
    assert first.headers["RateLimit-Limit"] == "1, 1;w=1, 15;w=60"
    assert limited_client.get(LIST[1]).status == 429


def test_shop_can_be_set(client: Client, live_server: Server) -> None:
    account = client.account
    changes = {"preferred_currency": "EUR", "contact_information": {"organization_name": "Tassen"}}
    live_server.database.write(lambda tx: shops.set_shop(tx, account, changes)).result()
    shown = attributes(client)
    assert shown["preferred_currency"] == "EUR"
    assert shown["contact_information"]["organization_name"] == "Tassen"
    assert shown["contact_information"]["website_url"] == "https://mugs.example"


def test_earlier_revisions_lack_it(client: Client) -> None:
    assert client.get(LIST[1], revision="2023-02-22").status == 404
    assert client.post(LIST[1], {}, revision=NEWEST).status == 405
