from __future__ import annotations

import pytest

from backroom.api import request_head
from backroom.api.request_head import Target, address_of, check_host, check_hosts, read_target
from backroom.errors import HeadTooLarge, MalformedRequest, UrlTooLong


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (b"/", Target(b"/", b"")),
        (b"/a?b?c#d", Target(b"/a", b"b?c")),
        (b"//a/b", Target(b"//a/b", b"")),
        (b"http://a.test", Target(b"/", b"", b"a.test")),
        (b"HTTPS://a.test:80?b", Target(b"/", b"b", b"a.test:80")),
        (b"http://[::1]/a/b?c#d", Target(b"/a/b", b"c", b"[::1]")),
    ],
)
def test_targets_are_read(url: bytes, target: Target) -> None:
    assert read_target(url) == target


@pytest.mark.parametrize(
    "url", [b"*", b"a.test:80", b"ftp://a.test/", b"http:/a", b"http://a@b/", "/é".encode()]
)
def test_other_targets_are_refused(url: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_target(url)


@pytest.mark.parametrize("host", [b"a", b"a.test.", b"a-b_c~d:8", b"1.2.3.4", b"[fe80::1]:65535"])
def test_hosts_are_accepted(host: bytes) -> None:
    check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b":80",
        b"a:-1",
        b"a:99999",
        b"[]",
        b"[a",
        b"a]",
        b"::1",
        b"a,b",
        b"a\xe9",
        b"a%",
        b"..",
        b"a..b",
        b"[:::::]",
    ],
)
def test_other_hosts_are_refused(host: bytes) -> None:
    with pytest.raises(MalformedRequest):
        check_host(host)


def test_second_host_is_refused() -> None:
    check_hosts([(b"host", b"a"), (b"accept", b"a"), (b"accept", b"b")])
    with pytest.raises(MalformedRequest):
        check_hosts([(b"host", b"a"), (b"host", b"a")])


def test_limits_themselves_are_allowed() -> None:
    request_head.check_url(b"a" * request_head.MOST_URL)
    request_head.check_headers(request_head.MOST_HEADERS)
    check_host(b"a" * request_head.MOST_HOST)


def test_what_is_over_a_limit_is_refused() -> None:
    with pytest.raises(UrlTooLong, match="16,384 bytes"):
        request_head.check_url(b"a" * (request_head.MOST_URL + 1))
    with pytest.raises(HeadTooLarge, match="100 headers"):
        request_head.check_headers(request_head.MOST_HEADERS + 1)
    with pytest.raises(HeadTooLarge, match="255 bytes"):
        check_host(b"a" * (request_head.MOST_HOST + 1))


def test_addresses_are_hosts() -> None:
    assert address_of(("127.0.0.1", 80)) == b"127.0.0.1:80"
    assert address_of(("::1", 80, 0, 0)) == b"[::1]:80"
