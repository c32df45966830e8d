"""Commands that steer a running server, which keeps a journal; and a database without a server."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.store import keys, open_database
from conftest import client_of, running
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

    Steer = Callable[..., list[Any]]


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The path of a database with one account, which no server has open."""
    url = str(tmp_path / "shop.db")
    with closing(open_database(url)) as database:
        written(database, lambda tx: keys.create(tx, "one", "test", []))
    return url


@pytest.fixture(scope="module")
def steered(new_database: NewDatabase) -> Iterator[Server]:
    """A server that commands steer."""
    with running(new_database(), limits="off", journal="on") as server:
        yield server


@pytest.fixture
def steer(steered: Server) -> Steer:
    """Runs a command against the server, and gives the lines of JSON that it prints."""

    def steered_by(*arguments: str) -> list[Any]:
        result = invoked(steered, *arguments)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return steered_by


@pytest.fixture
def sender(steered: Server) -> Client:
    """A client of an account of its own."""
    return client_of(steered)


def invoked(server: Server, *arguments: str) -> Result:
    named = {"BACKROOM_URL": server.url, "BACKROOM_CONTROL_TOKEN": server.control_token}
    return CliRunner(env=named).invoke(main, arguments)
