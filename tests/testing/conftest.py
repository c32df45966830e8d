"""A server whose requests are kept in a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.testing import Account, Server
from backroom.testing.journal import Journal
from conftest import client_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom import server
    from conftest import NewDatabase
    from support.client import Client


@pytest.fixture(scope="module")
def kept_journal() -> Journal:
    return Journal()


@pytest.fixture(scope="module")
def watched_server(new_database: NewDatabase, kept_journal: Journal) -> Iterator[server.Server]:
    with running(new_database(), limits="off") as server:
        server.observe(kept_journal)
        yield server


@pytest.fixture
def caller(watched_server: server.Server) -> Client:
    return client_of(watched_server)


@pytest.fixture
def journal(kept_journal: Journal) -> Journal:
    kept_journal.clear()
    return kept_journal


@pytest.fixture(scope="session")
def in_thread() -> Iterator[Server]:
    """A server for tests on a thread of this process."""
    with Server() as made:
        yield made


@pytest.fixture(scope="session")
def in_process() -> Iterator[Server]:
    """The same in a process of its own."""
    with Server(process=True) as made:
        yield made


@pytest.fixture(params=["in_thread", pytest.param("in_process", marks=pytest.mark.slow)])
def held(request: pytest.FixtureRequest) -> Server:
    """Each kind of server in turn."""
    made: Server = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def account(held: Server) -> Iterator[Account]:
    """A clean account of each kind of server."""
    yield held.account()
    held.clock.be_real()
