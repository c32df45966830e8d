"""A read that takes long holds up nobody, because it is begun again in a thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import apsw
import pytest

from backroom.api.limits import Limiter, Windows
from backroom.catalog.kinds import Verb
from backroom.store import open_database, sqlite
from conftest import client_of, running
from support.factories import Site, a_creation, a_resource, done

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client import Client

DEADLINE = 10.0
PATH = "/api/catalog-items"
SEARCH = f'{PATH}?filter=contains(title,"hirt")'


class Gate:
    """Stands in for SQLite's `instr`, which `contains` calls, and holds it until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, connection: apsw.Connection) -> None:
        connection.create_scalar_function("instr", self._instr, 2)

    def _instr(self, *values: apsw.SQLiteValue) -> int:
        text, part = map(str, values)
        self.reached.set()
        assert self.opened.wait(DEADLINE), "nobody opened the gate"
        return text.find(part) + 1


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    apsw.connection_hooks.append(made)
    yield made
    made.opened.set()
    apsw.connection_hooks.remove(made)


@pytest.fixture
def client(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a server for which every read takes too long to stay on the event loop."""
    assert not gate.opened.is_set()
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)
    monkeypatch.setattr(sqlite, "_STEPS", 1)
    with running(None) as server:
        made = client_of(server)
        assert made.post(PATH, {"data": a_resource("item")}).status == 201
        yield made


def test_others_are_answered_meanwhile(client: Client, gate: Gate) -> None:
    with ThreadPoolExecutor() as threads:
        search = threads.submit(client.get, SEARCH)
        assert gate.reached.wait(DEADLINE)
        assert client.get("/_backroom/health/live").status == 200
        assert client.get(PATH).status == 200
        assert not search.done()
        gate.opened.set()
        assert len(search.result(DEADLINE).json["data"]) == 1


def test_request_is_admitted_once(client: Client, gate: Gate) -> None:
    gate.opened.set()
    first, second = client.get(PATH), client.get(SEARCH)
    left = [int(each.headers["RateLimit-Remaining"]) for each in (first, second)]
    # A second may begin between the two, and with it another window.
    assert left in ([349, 348], [349, 349])


@pytest.mark.parametrize("counted_elsewhere", [False, True])
def test_server_closes_after_its_threads(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, *, counted_elsewhere: bool
) -> None:
    # Requests that are counted in another process are answered in a thread from the start.
    monkeypatch.setattr(Windows, "shared", counted_elsewhere)
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", -1.0)
    monkeypatch.setattr(sqlite, "_STEPS", 1)
    database = open_database(None)
    site = Site(database, limiter=Limiter(1))
    done(database, Verb.CREATE, "item", a_creation("item", "a"), account=site.account)

    def close() -> None:
        site.app.close()
        database.close()

    with ThreadPoolExecutor() as threads:
        search = threads.submit(site.get, *SEARCH.split("?"))
        assert gate.reached.wait(DEADLINE)
        closing = threads.submit(close)
        assert not closing.done()
        gate.opened.set()
        closing.result(DEADLINE)
        assert search.result(DEADLINE).status == 200


def test_next_read_begins_again(client: Client, gate: Gate) -> None:
    gate.opened.set()
    for _ in range(5):
        assert client.get(SEARCH).status == 200
        assert client.get("/health").status == 200
