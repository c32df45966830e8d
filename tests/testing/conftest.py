"""A server whose requests are kept in a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.testing.journal import Journal
from conftest import client_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client


@pytest.fixture(scope="module")
def kept_journal() -> Journal:
    return Journal()


@pytest.fixture(scope="module")
def watched_server(new_database: NewDatabase, kept_journal: Journal) -> Iterator[Server]:
    with running(new_database(), limits="off") as server:
        server.observe(kept_journal)
        yield server


@pytest.fixture
def caller(watched_server: Server) -> Client:
    return client_of(watched_server)


@pytest.fixture
def journal(kept_journal: Journal) -> Journal:
    kept_journal.clear()
    return kept_journal
