"""A server with a dashboard, and somebody who has signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import client_of, running
from support.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

TOKEN = "only-for-tests"


@pytest.fixture(scope="module")
def shown(new_database: NewDatabase) -> Iterator[Server]:
    """A server with a journal and with controls for tests."""
    with running(
        new_database(), limits="10", control_token=TOKEN, journal="on", testing="on"
    ) as server:
        yield server


@pytest.fixture
def visitor(shown: Server) -> Visitor:
    """Somebody who has signed in."""
    visitor = Visitor(shown.url)
    visitor.sign_in(TOKEN)
    return visitor


@pytest.fixture
def client(shown: Server) -> Client:
    """A client of that server, with an account of its own."""
    return client_of(shown)
