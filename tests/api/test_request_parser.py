"""However a request is cut into pieces, it is the same request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api.request_body import RequestBody
from backroom.api.request_head import MOST_HEAD
from backroom.api.request_parser import RequestParser, Stage
from backroom.errors import HeadTooLarge, MalformedRequest, ServerError, UrlTooLong

if TYPE_CHECKING:
    from backroom.api.request_head import Target

GET = b"GET /a?b HTTP/1.1\r\nHost: a.test\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nHost: evil\r\n\r\n"
)
OFFER = GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
LAST = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Taken:
    """What a parser has handed over. Bodies are read if it `reads`."""

    def __init__(self, *, reads: bool = True) -> None:
        self.parser = RequestParser(self)
        self.requests: list[Any] = []
        self._reads = reads

    def take_head(
        self, method: str, target: Target, headers: dict[bytes, bytes], *, keep_alive: bool
    ) -> None:
        self.parser.body = RequestBody(lambda: None, lambda: None) if self._reads else None
        head = [method, target.path, headers[b"host"], keep_alive]
        self.requests.append((head, self.parser.body))

    def bodies(self) -> list[bytes]:
        """The bodies that have ended."""
        messages = [asyncio.run(each.receive()) for _, each in self.requests]
        assert not any(each["more_body"] for each in messages)
        return [each["body"] for each in messages]


EXPECTED = {
    GET: (["GET", b"/a", b"a.test", True], b""),
    OFFER: (["GET", b"/a", b"a.test", True], b""),
    POST: (["POST", b"/a", b"a.test", True], b"hello"),
    CHUNKED: (["POST", b"/a", b"a.test", True], b"hello"),
    LAST: (["GET", b"/a", b"a.test", False], b""),
}


@given(
    st.lists(st.sampled_from([GET, OFFER, POST, CHUNKED]), min_size=1, max_size=5),
    st.integers(1, 200),
)
def test_pieces_make_the_same_requests(requests: list[bytes], size: int) -> None:
    taken = Taken()
    parser, sent = taken.parser, b"".join([*requests, LAST, GET])
    for place in range(0, len(sent), size):
        parser.feed(sent[place : place + size])
    heads = [head for head, _ in taken.requests]
    found = list(zip(heads, taken.bodies(), strict=True))
    assert found == [EXPECTED[each] for each in [*requests, LAST]]
    assert (parser.stage, parser.deaf) == (Stage.BETWEEN, True)


@pytest.mark.slow
@given(st.integers(1, 3 * MOST_HEAD), st.integers(MOST_HEAD + 100, 3 * MOST_HEAD))
def test_heads_end_at_the_limit(size: int, length: int) -> None:
    parser, sent = Taken().parser, GET[:-2] + b"a: " + b"b" * length
    fed = 0
    with pytest.raises(HeadTooLarge):  # noqa: PT012 - one of the pieces is the one too many
        for place in range(0, len(sent), size):
            fed += len(sent[place : place + size])
            parser.feed(sent[place : place + size])
    assert fed - size <= MOST_HEAD
    assert parser.deaf


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"garbage", MalformedRequest),
        (b"GET /" + b"a" * 20_000, UrlTooLong),
        (b"GET / HTTP/1.1\r\n\r\n", MalformedRequest),
    ],
)
def test_faults_end_the_parser(sent: bytes, fault: type[Exception]) -> None:
    parser = Taken().parser
    with pytest.raises(fault):
        parser.feed(sent)
    assert parser.feed(b"any") == 3


def test_unheard_bytes_are_counted() -> None:
    parser = Taken().parser
    assert parser.feed(LAST) == 0
    assert parser.feed(GET * 10_000) == len(GET) * 10_000


@pytest.mark.parametrize(("sent", "unread"), [(POST + CHUNKED, 10), (POST[:-1], 4), (GET, 0)])
def test_bytes_of_unread_bodies_are_counted(sent: bytes, unread: int) -> None:
    assert Taken().parser.feed(sent) == 0
    parser = Taken(reads=False).parser
    assert [parser.feed(sent), parser.feed(b"")] == [unread, 0]


def test_errors_of_the_receiver_are_the_servers(caplog: pytest.LogCaptureFixture) -> None:
    receiver: Any = object()
    with pytest.raises(ServerError):
        RequestParser(receiver).feed(GET)
    assert "could not be read" in caplog.text
