from __future__ import annotations

import socket
from typing import Any

import pytest

from backroom.outgoing import NotConnected, PrivateAddress, resolved, target_of


def test_target_has_the_parts() -> None:
    target = target_of("https://user@Shop.example:8443/hook?a=1#part")
    assert target == (True, "shop.example", 8443, "Shop.example:8443", "/hook?a=1")
    assert target_of("http://shop.example").port == 80


@pytest.mark.parametrize("url", ["ftp://shop.example", "shop.example", "http://a:b", "http://[::1"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(NotConnected, match="it is not a URL"):
        target_of(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
        *("[::1]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]"),
        # Addresses of IPv6 that lead to one of IPv4.
        *("[64:ff9b::10.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[::127.0.0.1]", "[2002:7f00:1::]"),
    ],
)
def test_private_addresses_are_refused(host: str) -> None:
    target = target_of(f"http://{host}/")
    with pytest.raises(PrivateAddress, match="is the private address"):
        resolved(target, private=False)
    assert resolved(target, private=True)


def test_public_addresses_are_allowed() -> None:
    for host in ("93.184.216.34", "[2606:4700::1]", "[64:ff9b::93.184.216.34]"):
        assert resolved(target_of(f"http://{host}/"), private=False)


def test_one_private_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(_: str, port: int, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "192.168.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(
        PrivateAddress, match=r"'shop\.example' is the private address 192\.168\.0\.1"
    ):
        resolved(target_of("http://shop.example/"), private=False)


def test_unknown_name_is_said() -> None:
    with pytest.raises(NotConnected, match=r"the name 'shop\.invalid' is not known"):
        resolved(target_of("http://shop.invalid/"), private=False)
