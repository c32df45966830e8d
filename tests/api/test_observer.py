"""The hook of the application: what an observer is shown, on every way of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.damage import Damage, Harm
from backroom.api.observer import Mishap, Seen
from backroom.errors import ServerError
from backroom.revisions import NEWEST
from conftest import client_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer
    from conftest import NewDatabase
    from support.client import Client


class Watching:
    """An observer that keeps what it is shown."""

    def __init__(self) -> None:
        self.finishes: list[tuple[Exchange, Answer]] = []

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        self.finishes.append((exchange, answer))


@pytest.fixture(scope="module", params=["auto", "plain"])
def watched(
    request: pytest.FixtureRequest, new_database: NewDatabase
) -> Iterator[tuple[Client, Watching]]:
    with running(new_database(), limits="off", http=request.param) as server:
        first, second = Watching(), Watching()
        server.observe(first)
        server.observe(second)
        yield client_of(server), second


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("GET", "/api/catalog-items", "get_catalog_items", 200),
        ("HEAD", "/api/catalog-items", "get_catalog_items", 200),
        ("OPTIONS", "/api/catalog-items", None, 200),
        ("GET", "/api/catalog-items?sort=nothing", "get_catalog_items", 400),
        ("POST", "/api/catalog-items", "create_catalog_item", 400),
        ("PUT", "/api/catalog-items", None, 405),
        ("GET", "/api/nothing", None, 404),
        ("GET", "/health", None, 200),
        ("POST", "/elsewhere", None, 404),
    ],
)
def test_every_request_is_shown_once(
    watched: tuple[Client, Watching], method: str, path: str, name: str | None, status: int
) -> None:
    client, seen = watched
    seen.finishes.clear()
    body = b"{}" if method == "POST" else None
    assert client.request(method, path, body=body).status == status
    ((exchange, answer),) = seen.finishes
    operation = exchange.operation
    assert (operation.name if operation else None, answer.status) == (name, status)
    assert (exchange.fault is not None) is (status >= 400)
    assert exchange.seconds > 0


def test_head_and_body_are_shown(watched: tuple[Client, Watching]) -> None:
    client, seen = watched
    seen.finishes.clear()
    client.post("/api/catalog-items", {"data": 1})
    ((exchange, _),) = seen.finishes
    assert exchange.body == b'{"data":1}'
    assert exchange.known.revision is not None
    assert exchange.known.revision.date == NEWEST
    assert exchange.known.access is not None


def test_remembered_requests_keep_no_frames(watched: tuple[Client, Watching]) -> None:
    client, seen = watched
    seen.finishes.clear()
    client.get("/api/catalog-items?sort=nothing")
    ((exchange, answer),) = seen.finishes
    remembered = Seen(*exchange.seen(answer))
    assert (remembered.status, remembered.method) == (400, "GET")
    assert remembered.operation is exchange.operation
    assert remembered.seconds == exchange.seconds
    assert remembered.fault is not None
    # Of what the request had at hand, nothing stays in memory.
    assert remembered.fault.__traceback__ is None


@pytest.mark.parametrize(
    ("mishap", "replaces"),
    [
        (Mishap(1, fault=ServerError()), True),
        (Mishap(1, damage=Damage(Harm.RESET)), True),
        (Mishap(1, fault=ServerError(), after=True), False),
        (Mishap(1, damage=Damage(Harm.TRUNCATED)), False),
        (Mishap(1, delay=1), False),
    ],
)
def test_some_mishaps_replace_the_work(mishap: Mishap, *, replaces: bool) -> None:
    assert mishap.replaces_work is replaces
