"""Bodies as they arrive: media types, encodings, and limits on their size."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from backroom.api.body_reader import BodyReader
from backroom.errors import ParseFailed, TooLarge, UnsupportedMediaType
from backroom.revisions import REVISIONS
from support.factories import NEWEST, OLDEST, a_request

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 5_000_000
OLD_LIMIT = 4_000_000


def a_reader(revision: str = NEWEST, **headers: str) -> BodyReader:
    typed = {"content-type": "application/json"}
    typed |= {name.replace("_", "-"): value for name, value in headers.items()}
    return BodyReader(a_request("POST", headers=typed), REVISIONS[revision])


def read(*chunks: bytes, revision: str = NEWEST, **headers: str) -> bytes:
    reader = a_reader(revision, **headers)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.end()


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/vnd.api+json",
        "Application/JSON; charset=utf-8",
        " application/vnd.api+json ;x=y",
    ],
)
def test_both_media_types_are_taken(media_type: str) -> None:
    assert read(b"{}", content_type=media_type) == b"{}"


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/jsonp", "json", "*/*"])
def test_other_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        a_reader(content_type=media_type)
    assert caught.value.detail == f'Unsupported media type "{media_type}" in request.'


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "*"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        a_reader(content_encoding=encoding)
    assert encoding in caught.value.detail


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_plain_bodies_pass_unchanged(encoding: str) -> None:
    assert read(b"ab", b"", b"c", content_encoding=encoding) == b"abc"


@pytest.mark.parametrize(("revision", "limit"), [(OLDEST, OLD_LIMIT), (NEWEST, LIMIT)])
def test_body_of_the_limit_passes(revision: str, limit: int) -> None:
    assert len(read(*pieces(b"x" * limit, 65536), revision=revision)) == limit
    with pytest.raises(TooLarge, match=f"may not exceed {limit:,} bytes"):
        read(*pieces(b"x" * (limit + 1), 65536), revision=revision)


def test_declared_length_is_refused_unread() -> None:
    a_reader(content_length=str(LIMIT))
    with pytest.raises(TooLarge):
        a_reader(content_length=str(LIMIT + 1))


@pytest.mark.parametrize("length", ["", "-1", "many", "1e9", "²", "9" * 5000])
def test_odd_lengths_do_no_harm(length: str) -> None:
    try:
        a_reader(content_length=length)
    except TooLarge:
        assert set(length) == {"9"}


def test_undeclared_length_stops_in_time() -> None:
    reader, chunk = a_reader(), b"x" * 65536
    for _ in range(LIMIT // len(chunk)):
        reader.feed(chunk)
    with pytest.raises(TooLarge):
        reader.feed(chunk)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
@pytest.mark.parametrize("size", [1, 7, 65536])
def test_gzip_comes_in_any_pieces(encoding: str, size: int) -> None:
    body = json.dumps(list(range(500))).encode()
    assert read(*pieces(gzip.compress(body), size), content_encoding=encoding) == body


def test_gzip_may_have_many_members() -> None:
    whole = b"".join(gzip.compress(part) for part in (b"[1,", b"", b"2]"))
    for size in (1, 10, len(whole)):
        assert read(*pieces(whole, size), content_encoding="gzip") == b"[1,2]"


@pytest.mark.parametrize("cut", [1, 9, 10, 15, -9, -1])
def test_truncated_gzip_is_refused(cut: int) -> None:
    body = gzip.compress(b'{"data": 1}')[:cut]
    with pytest.raises(ParseFailed, match="ends before its gzip stream"):
        read(body, content_encoding="gzip")


def test_truncated_second_member_is_refused() -> None:
    body = gzip.compress(b"{}") + gzip.compress(b"   ")[:-4]
    with pytest.raises(ParseFailed, match="ends before its gzip stream"):
        read(body, content_encoding="gzip")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"\x1f\x8b not gzip at all",
        zlib.compress(b"{}"),
        gzip.compress(b"{}") + b"rest",
        gzip.compress(b"{}")[:-8] + bytes(8),
    ],
    ids=["plain", "half", "zlib", "trailing", "checksum"],
)
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(ParseFailed):
        read(body, content_encoding="gzip")


def test_empty_gzip_body_is_empty() -> None:
    assert read(content_encoding="gzip") == b""


def a_bomb(megabytes: int) -> bytes:
    """Gzip of so many zeros, made without having them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(1_000_000)
    return b"".join(packer.compress(megabyte) for _ in range(megabytes)) + packer.flush()


def peak_of(body: bytes, size: int = 65536, **headers: str) -> int:
    """The most memory that was held until the body was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            read(*pieces(body, size), **headers)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_gzip_bomb_is_stopped_early() -> None:
    assert peak_of(a_bomb(60), content_encoding="gzip") < 4 * LIMIT


def test_gzip_limit_is_exact() -> None:
    assert len(read(a_bomb(5), content_encoding="gzip")) == LIMIT
    assert len(read(a_bomb(4), content_encoding="gzip", revision=OLDEST)) == OLD_LIMIT
    with pytest.raises(TooLarge):
        read(a_bomb(5), gzip.compress(b"1"), content_encoding="gzip")
    with pytest.raises(TooLarge):
        read(a_bomb(5), content_encoding="gzip", revision=OLDEST)


def test_packed_limit_counts_unpacked() -> None:
    body = gzip.compress(b" " * LIMIT, 0)
    assert len(body) > LIMIT
    assert len(read(body, content_encoding="gzip", content_length=str(len(body)))) == LIMIT


@pytest.mark.slow
def test_empty_members_are_bounded() -> None:
    empties = gzip.compress(b"") * 3000
    with pytest.raises(TooLarge):
        read(*[empties] * (4 * LIMIT // len(empties)), content_encoding="gzip")
