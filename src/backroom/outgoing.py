"""Connections to URLs that somebody gives: to public addresses alone, unless others are allowed.

The name is resolved once, all its addresses are checked, and the connection goes to one of them. So
a name that changes between check and connection reaches nothing else.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import urllib3
    from urllib3.connection import HTTPConnection

_PORTS = {"http": 80, "https": 443}
_TRANSLATED = [ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]
"""Addresses of IPv6 whose last 32 bits are one of IPv4."""
_IPV4_BITS = 0xFFFFFFFF


class NotConnected(Exception):
    """No connection may be made to the host of a URL, or none can be. The text says why."""


class PrivateAddress(NotConnected):
    """The host has an address that is not public."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host!r} is the private address {address}")


class Destination(NamedTuple):
    """The destination of a URL: its parts, and the path with the query."""

    secure: bool
    host: str
    port: int
    named: str
    """Host and port, as a `Host` header has them."""
    path: str


def target_of(url: str) -> Destination:
    """Read a URL of http or https. Raises `NotConnected` where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme.lower()]
    except (KeyError, ValueError):
        raise NotConnected("it is not a URL") from None
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    secure = parts.scheme.lower() == "https"
    return Destination(secure, parts.hostname or "", port, parts.netloc.rpartition("@")[2], path)


def resolved(target: Destination, *, private: bool) -> str:
    """Resolve a host, once. `private` allows all addresses.

    Raises `NotConnected` for a name that is not known, `PrivateAddress` where one of its addresses
    is not public.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotConnected(f"the name {target.host!r} is not known") from None
    addresses = [str(each[4][0]) for each in found]
    if not private:
        for address in addresses:
            if not is_public(address):
                raise PrivateAddress(target.host, address)
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local:
            return False
        found = _held_in(found) or found
    return found.is_global and not found.is_multicast


def _held_in(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the address of IPv4 to which one of IPv6 leads, None if it leads to none."""
    if any(address in each for each in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & _IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour


def pool_to(target: Destination, address: str) -> urllib3.HTTPConnectionPool:
    """Give connections to an address that was checked. The certificate must be for the name."""
    # A server that sends nothing starts sooner without it.
    import urllib3

    if not target.secure:
        return urllib3.HTTPConnectionPool(address, target.port)
    return urllib3.HTTPSConnectionPool(address, target.port, **_tls(target))


def connection_to(target: Destination, address: str) -> HTTPConnection:
    """Give one such connection, which is not open yet."""
    from urllib3.connection import HTTPConnection, HTTPSConnection

    if not target.secure:
        return HTTPConnection(address, target.port)
    return HTTPSConnection(address, target.port, **_tls(target))


def _tls(target: Destination) -> dict[str, Any]:
    # The context itself checks the name: urllib3 would log the certificate of whoever has another.
    return {"server_hostname": target.host, "ssl_context": ssl.create_default_context()}
