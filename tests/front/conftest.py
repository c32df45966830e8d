"""Live servers on which a client may misbehave: on both engines, and with short times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import client_of, running
from front.connection import connected

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from conftest import NewDatabase
    from support.client import Client

SHORT = {"head_timeout": 0.2, "body_timeout": 0.2, "answer_timeout": 1.0, "idle_timeout": 0.4}


@pytest.fixture(scope="module")
def shop(new_store: NewDatabase) -> Iterator[Client]:
    """A client of a server with its own HTTP, on the engine under test."""
    with running(new_store(), limits="off") as server:
        yield client_of(server)


@pytest.fixture(scope="module")
def hasty(new_database: NewDatabase) -> Iterator[Client]:
    """A client of a server that waits for nobody."""
    with running(new_database(), limits="off", **SHORT) as server:
        yield client_of(server)


@pytest.fixture
def connection(shop: Client) -> Iterator[socket.socket]:
    with connected(shop) as opened:
        yield opened
