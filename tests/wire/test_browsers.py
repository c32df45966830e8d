"""Paths that pages of any origin may call, as a browser does: a preflight, then the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.neighbours import NEIGHBOURS, Neighbour
from support.client import NEWEST
from support.neighbours import a_neighbour_body

if TYPE_CHECKING:
    from support.client import Answer, Client

SHOP = {"Authorization": None, "Origin": "https://mugs.example"}
PREFLIGHT = SHOP | {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,revision",
    "revision": None,
}
PUBLIC = [each for each in NEIGHBOURS if each.public]
every_public = pytest.mark.parametrize("operation", PUBLIC, ids=lambda each: each.name)


def allowed(answer: Answer) -> dict[str, str]:
    """What an answer allows the page: the headers of CORS."""
    return {
        name.lower().removeprefix("access-control-allow-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


@every_public
def test_preflight_allows_every_origin(client: Client, operation: Neighbour) -> None:
    answer = client.request("OPTIONS", operation.path, headers=PREFLIGHT)
    assert answer.status == 200
    assert allowed(answer) == {"origin": "*", "methods": "POST, OPTIONS", "headers": "*"}


@every_public
def test_pages_may_read_every_answer(client: Client, operation: Neighbour) -> None:
    body = a_neighbour_body(NEWEST, (operation.method, operation.path))
    query = {"company_id": client.key.split("_")[1]}
    for sent, status in ((body, {202, 404}), ({}, {400})):
        answer = client.post(operation.path, sent, query=query, headers=SHOP)
        assert answer.status in status
        assert allowed(answer) == {"origin": "*"}
    assert allowed(client.post(operation.path, body, headers=SHOP)) == {"origin": "*"}


@pytest.mark.parametrize("path", ["/api/accounts", "/api/profiles", "/api/catalog-items"])
def test_pages_read_nothing_with_a_key(client: Client, path: str) -> None:
    preflight = {name: value for name, value in PREFLIGHT.items() if name != "Authorization"}
    assert allowed(client.request("OPTIONS", path, headers=preflight)) == {}
    assert allowed(client.get(path, headers={"Origin": "https://mugs.example"})) == {}
