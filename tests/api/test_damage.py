"""Damaged answers, as a client sees them arrive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.api.damage import Damage, Harm
from backroom.api.observer import Mishap
from conftest import client_of, running
from front.connection import connected, posted, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer
    from conftest import NewDatabase
    from support.client import Client

ITEMS = "/api/catalog-items"


class Fate:
    """An observer that does to each request what it is set to."""

    def __init__(self) -> None:
        self.mishap: Mishap | None = None

    def mishap_for(self, _: Exchange) -> Mishap | None:
        return self.mishap

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        pass


class Struck:
    """A client of a server on which each request is struck."""

    def __init__(self, client: Client, fate: Fate, http: str) -> None:
        self.client = client
        self.fate = fate
        self.is_plain = http == "plain"

    def received(self, sent: bytes, damage: Damage) -> bytes:
        """What arrives until the connection ends."""
        self.fate.mishap = Mishap(1, damage=damage)
        with connected(self.client) as connection:
            connection.sendall(sent)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)


@pytest.fixture(scope="module", params=["auto", "plain"])
def struck(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[Struck]:
    with running(new_database(), limits="off", http=request.param) as server:
        fate = Fate()
        server.observe(fate)
        yield Struck(client_of(server), fate, request.param)


@pytest.fixture(params=["GET", "POST"])
def sent(request: pytest.FixtureRequest, struck: Struck) -> bytes:
    if request.param == "GET":
        return written(struck.client, "GET", ITEMS)
    return posted(struck.client, ITEMS, b"{}")


def length_of(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def test_reset_sends_nothing(struck: Struck, sent: bytes) -> None:
    if struck.is_plain:
        assert struck.received(sent, Damage(Harm.RESET)).endswith(b"\r\n\r\n")
        return
    with pytest.raises(ConnectionResetError):
        struck.received(sent, Damage(Harm.RESET))


def test_empty_answer_ends_the_connection(struck: Struck, sent: bytes) -> None:
    received = struck.received(sent, Damage(Harm.EMPTY))
    assert received.endswith(b"\r\n\r\n") if struck.is_plain else received == b""


def test_truncated_body_lacks_its_end(struck: Struck, sent: bytes) -> None:
    received = struck.received(sent, Damage(Harm.TRUNCATED))
    head, _, body = received.partition(b"\r\n\r\n")
    assert len(body) == length_of(head) // 2 > 0


def test_drip_comes_as_a_whole(struck: Struck, sent: bytes) -> None:
    begin = time.monotonic()
    connection_ends = sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    received = struck.received(connection_ends, Damage(Harm.DRIP, piece=40, pause=0.01))
    head, _, body = received.partition(b"\r\n\r\n")
    assert len(body) == length_of(head)
    msgspec.json.decode(body)
    assert time.monotonic() - begin > len(body) // 40 * 0.01


def test_malformed_body_has_its_length(struck: Struck) -> None:
    struck.fate.mishap = Mishap(1, damage=Damage(Harm.MALFORMED))
    answer = struck.client.get(ITEMS)
    assert (answer.status, len(answer.body)) == (200, int(answer.headers["Content-Length"]))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(answer.body)


def test_client_may_leave_while_it_drips(struck: Struck) -> None:
    struck.fate.mishap = Mishap(1, damage=Damage(Harm.DRIP, piece=1, pause=0.01))
    with connected(struck.client) as connection:
        connection.sendall(written(struck.client, "GET", ITEMS))
        connection.recv(1)
    struck.fate.mishap = None
    assert struck.client.get(ITEMS).status == 200


def test_requests_behind_a_damaged_one_are_dropped(struck: Struck) -> None:
    if struck.is_plain:
        return
    get = written(struck.client, "GET", ITEMS)
    received = struck.received(get * 3, Damage(Harm.DRIP, piece=4096, pause=0))
    assert received.count(b"HTTP/1.1 200") == 1


def test_head_has_no_body_to_damage(struck: Struck) -> None:
    if struck.is_plain:
        return
    sent = written(struck.client, "HEAD", ITEMS)
    assert struck.received(sent, Damage(Harm.DRIP)).endswith(b"\r\n\r\n")
    assert not struck.received(sent, Damage(Harm.TRUNCATED)).endswith(b"\r\n\r\n")


def test_delays_delay(struck: Struck) -> None:
    struck.fate.mishap = Mishap(1, delay=0.05)
    for method, status in (("GET", 200), ("POST", 400)):
        begin = time.monotonic()
        body = b"{}" if method == "POST" else None
        assert struck.client.request(method, ITEMS, body=body).status == status
        assert time.monotonic() - begin > 0.05


@pytest.mark.slow
def test_waiting_connection_is_closed_by_reset(struck: Struck) -> None:
    struck.fate.mishap = Mishap(1, delay=0.05, damage=Damage(Harm.RESET))
    with connected(struck.client) as connection:
        connection.sendall(posted(struck.client, ITEMS, b"{}"))
        try:
            assert connection.recv(65536) != b""
        except ConnectionResetError:
            assert not struck.is_plain
