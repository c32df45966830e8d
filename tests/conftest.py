"""Live servers on free ports, and clients of clean accounts."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import hypothesis
import pytest

from backroom.server import Server, Started
from backroom.settings import Settings
from backroom.store import keys, open_database
from client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database

# A shared machine may take its time over one example; a law is no less one for that.
hypothesis.settings.register_profile("backroom", deadline=None)
hypothesis.settings.load_profile("backroom")

_accounts = itertools.count()


class MakeClient(Protocol):
    """Makes a client of a fresh account, or of the one named, with all scopes or some."""

    def __call__(self, scopes: str | None = None, account: str | None = None) -> Client: ...


@contextmanager
def running(**settings: Any) -> Iterator[Server]:
    """Run a server of this process on a free port until the block ends."""
    server = Server(Settings(port=0, ephemeral=True, **settings))
    ready = threading.Event()

    def announce(_: Started) -> None:
        ready.set()

    thread = threading.Thread(target=server.run, args=(announce,), name="server")
    thread.start()
    try:
        assert ready.wait(10), "the server did not start"
        yield server
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


def client_of(server: Server, scopes: str | None = None, account: str | None = None) -> Client:
    name = account or f"account {next(_accounts)}"
    granted = scopes.split(",") if scopes else []
    made = server.database.write(lambda tx: keys.create(tx, name, "test", granted)).result()
    return Client(server.url, made.key)


@pytest.fixture(scope="session")
def live_server() -> Iterator[Server]:
    """A server without rate limits that applies jobs at once."""
    with running(limits="off") as server:
        yield server


@pytest.fixture(scope="session")
def server_url(live_server: Server) -> str:
    return live_server.url


@pytest.fixture(scope="session")
def make_client(live_server: Server) -> MakeClient:
    def make(scopes: str | None = None, account: str | None = None) -> Client:
        return client_of(live_server, scopes, account)

    return make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()


@pytest.fixture(scope="session")
def limited_server() -> Iterator[Server]:
    """A server with the real rate limits."""
    with running(limits="real") as server:
        yield server


@pytest.fixture
def limited_client(limited_server: Server) -> Client:
    return client_of(limited_server)


@pytest.fixture(scope="session")
def paused_server() -> Iterator[Server]:
    """A server on which every job waits for an hour."""
    with running(limits="off", job_delay=3600) as server:
        yield server


@pytest.fixture
def paused_client(paused_server: Server) -> Client:
    return client_of(paused_server)


@pytest.fixture
def database() -> Iterator[Database]:
    """An empty database with today's schema."""
    opened = open_database(None)
    yield opened
    opened.close()
