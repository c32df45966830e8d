"""A server with a dashboard, and somebody who has signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import client_of
from support.job_shop import Shop
from support.visitor import Visitor, shown_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import MakeClient, NewDatabase
    from support.client import Client


@pytest.fixture(scope="module")
def shown(new_database: NewDatabase) -> Iterator[Server]:
    """A server with a journal and with controls for tests."""
    with shown_server(new_database()) as server:
        yield server


def signed_in(server: Server) -> Visitor:
    """Give somebody who has signed in at a server."""
    visitor = Visitor(server.url)
    visitor.sign_in(server.control_token)
    return visitor


@pytest.fixture
def visitor(shown: Server) -> Visitor:
    """Somebody who has signed in."""
    return signed_in(shown)


@pytest.fixture
def client(shown: Server) -> Client:
    """A client of that server, with an account of its own."""
    return client_of(shown)


@pytest.fixture
def shop(live_server: Server, make_client: MakeClient) -> Shop:
    return Shop(live_server, make_client())
