from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.cli import main
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.server import Server

    Run = Callable[..., list[Any]]

ORDERED = {
    "data": {
        "type": "event",
        "attributes": {
            "properties": {},
            "metric": {"data": {"type": "metric", "attributes": {"name": "Ordered"}}},
            "profile": {"data": {"type": "profile", "attributes": {"email": "a@mugs.example"}}},
        },
    }
}


@pytest.fixture
def run(live_server: Server) -> Run:
    """Runs a command against the server, and gives the documents that it shows."""
    named = {"BACKROOM_URL": live_server.url, "BACKROOM_CONTROL_TOKEN": live_server.control_token}

    def ran(*arguments: str, code: int = 0) -> list[Any]:
        result = CliRunner(env=named).invoke(main, arguments)
        assert result.exit_code == code, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return ran


@pytest.fixture
def account(run: Run) -> dict[str, str]:
    """An account of its own, with its key."""
    (made,) = run("accounts", "create")
    return dict(made)


@pytest.fixture
def client(live_server: Server, account: dict[str, str]) -> Client:
    return Client(live_server.url, account["key"])


@pytest.fixture
def whose(account: dict[str, str]) -> tuple[str, str]:
    return ("--account", account["account"])


def test_list_is_made_and_answered(run: Run, client: Client, whose: tuple[str, str]) -> None:
    assert run("lists", "create", "News", "--id", "N1", *whose) == [{"id": "N1", "name": "News"}]
    assert [each["id"] for each in client.get("/api/lists").json["data"]] == ["N1"]


def test_shop_is_changed_and_answered(run: Run, client: Client, whose: tuple[str, str]) -> None:
    changes = ("locale=de-DE", "test_account=false", "contact_information.website_url=https://a.b")
    (changed,) = run("shop", *changes, *whose)
    assert run("shop", *whose) == [changed]
    (shown,) = client.get("/api/accounts").json["data"]
    assert shown["attributes"]["contact_information"]["website_url"] == "https://a.b"
    assert (shown["attributes"]["locale"], shown["attributes"]["test_account"]) == ("de-DE", False)


@pytest.mark.parametrize("change", ["locale", "locale=x locale.y=z"])
def test_unreadable_change_is_wrong_usage(run: Run, change: str) -> None:
    run("shop", *change.split(), code=2)


def test_accepted_event_is_listed(run: Run, client: Client, whose: tuple[str, str]) -> None:
    assert client.post("/api/events", ORDERED).status == 202
    (shown,) = run("accepted", "--operation", "create_event", *whose)
    assert shown["body"] == ORDERED
    assert run("accepted", "--operation", "create_profile", *whose) == []


def test_subscriptions_are_listed(run: Run, whose: tuple[str, str]) -> None:
    assert run("subscriptions", "--waiting", *whose) == []
