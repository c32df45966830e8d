"""uvicorn, started and stopped by its public interface."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api import protocol
from backroom.api.http_server import HttpServer, configured
from conftest import client_of, running

if TYPE_CHECKING:
    from conftest import NewDatabase


class OwnError(Exception):
    """What is raised by whoever hears that the server is ready."""


@pytest.fixture
def other_uvicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A uvicorn that no longer has what the short way relies on."""
    monkeypatch.setattr(protocol, "_RELIED_ON", ("connection", "no_longer_there"))


def test_short_way_is_taken_where_it_works(caplog: pytest.LogCaptureFixture) -> None:
    app: Any = object()
    http = configured(app, app, plain=False).http
    assert isinstance(http, type)
    assert issubclass(http, protocol.HttpProtocol)
    assert configured(app, app, plain=True).http == "auto"
    assert caplog.records == []


@pytest.mark.usefixtures("other_uvicorn")
def test_other_uvicorn_is_served_plainly(
    new_database: NewDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    with running(new_database(), limits="off") as server:
        assert client_of(server).get("/api/catalog-items").status == 200
    (said,) = [each.message for each in caplog.records if "uvicorn" in each.message]
    assert said.endswith("which is slower: its protocol for httptools has no `connection`")


@pytest.mark.parametrize("plain", [True, False])
def test_failure_when_ready_is_raised(*, plain: bool) -> None:
    def fail() -> None:
        raise OwnError

    app: Any = object()
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(OwnError):
        HttpServer(app, plain=plain).run(listening, fail)


def test_stopped_server_can_be_stopped_again() -> None:
    app: Any = object()
    server = HttpServer(app, plain=True)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.run(listening, server.stop)
        server.stop()
