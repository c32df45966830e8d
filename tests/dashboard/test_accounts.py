from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conftest import client_of, running
from support.client import Client
from support.process import until
from support.visitor import DASHBOARD_PATH, TOKEN, Visitor

if TYPE_CHECKING:
    from backroom.server import Server

PATH = f"{DASHBOARD_PATH}/accounts"


def shown_key(page: bytes) -> str:
    found = re.search(r'id="new-key">(pk_[^<]+)<', page.decode())
    assert found is not None
    return found[1]


def test_account_comes_with_a_key(visitor: Visitor, shown: Server) -> None:
    answer = visitor.send(PATH, name="a new shop")
    key = shown_key(answer.data)
    assert Client(shown.url, key).get("/api/catalog-items").status == 200
    assert key not in visitor.read(PATH)


def test_account_needs_its_own_name(visitor: Visitor) -> None:
    assert visitor.send(PATH, name=" ").status == 400
    visitor.send(PATH, name="once")
    assert visitor.send(PATH, name="once").status == 409


@pytest.mark.parametrize(("scopes", "status"), [("catalogs:read", 403), ("", 400)])
def test_key_may_what_it_may(visitor: Visitor, shown: Server, scopes: str, status: int) -> None:
    account = client_of(shown).account
    answer = visitor.send(f"{PATH}/keys", account=account, name="reader", scopes=scopes)
    client = Client(shown.url, shown_key(answer.data))
    assert client.get("/api/catalog-items").status == 200
    assert client.post("/api/catalog-items", {}).status == status


def test_key_says_when_it_was_used(visitor: Visitor, shown: Server) -> None:
    made = visitor.send(PATH, name="to be used")
    section = r"to be used <span.*?</section>"
    before = re.findall(section, visitor.read(PATH), re.DOTALL)
    assert "never" in before[0]
    Client(shown.url, shown_key(made.data)).get("/api/catalog-items")
    until(
        lambda: "never" not in re.findall(section, visitor.read(PATH), re.DOTALL)[0],
        "the use is noted",
    )


def test_revoked_key_says_so(visitor: Visitor, shown: Server) -> None:
    account = client_of(shown).account
    visitor.send(f"{PATH}/keys", account=account, name="doomed")
    page = visitor.read(PATH)
    assert 'aria-label="Keys of' in page
    (key_id,) = re.findall(r"keys/([^/]+)/revoke\"[^>]*Revoke the key doomed", page)
    assert visitor.send(f"{PATH}/keys/{key_id}/revoke").status == 303
    assert f"keys/{key_id}/revoke" not in visitor.read(PATH)
    assert visitor.send(f"{PATH}/keys/nothing/revoke").status == 404


def test_fixed_keys_are_not_told() -> None:
    with running(None, control_token=TOKEN, key=("pk_secret", "shop=pk_other")) as server:
        visitor = Visitor(server.url)
        visitor.sign_in(TOKEN)
        page = visitor.read(PATH)
        assert "default, shop" in page
        assert "pk_" not in page
