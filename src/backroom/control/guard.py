"""Who may use the control API: callers with its token, and no page of another origin.

A page in a browser can send requests to a server on its reader's machine, even by a name of its own
that points there. So `Host` must be a name of this server, and `Origin`, which browsers add, must
be its origin. Programs send no `Origin`.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backroom.control.route import ControlError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEARER = "bearer"


class Guard:
    """Knows one server's token, and the names by which it may be called.

    `listening` is the address on which it listens.
    """

    def __init__(self, token: str, public_url: str, listening: str) -> None:
        self._token = token.encode()
        public = urlsplit(public_url)
        self._public_origin = f"{public.scheme}://{public.netloc}".lower() if public_url else ""
        self._names = {"localhost", listening.lower()}
        if public.hostname:
            self._names.add(public.hostname)
        self._on_all_addresses = _address(listening).is_unspecified

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise `ControlError` unless a request with these headers may do what it asks for."""
        self.check_origin(headers)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != _BEARER or not self.is_token(token.strip()):
            raise ControlError(
                401,
                "The control API needs its token, as `Authorization: Bearer TOKEN`. It is"
                " the one of --control-token or BACKROOM_CONTROL_TOKEN, or else the one that the"
                " server has printed at its start.",
            )

    def is_token(self, text: str) -> bool:
        """Whether a text is the token."""
        return hmac.compare_digest(text.encode(), self._token)

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Raise `ControlError` for another name than the server's, and for pages of others."""
        host = headers.get("host", "").lower()
        if not self._has_name(_host_name(host)):
            raise ControlError(
                403,
                f"This server has no name {_host_name(host)!r}. Call it by its address or"
                " as localhost, or start it with --public-url http://NAME:PORT.",
            )
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{host}", self._public_origin}:
            raise ControlError(
                403, "Pages of other origins can't use the control API. Call it from a program."
            )

    def _has_name(self, name: str) -> bool:
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # No page can make an address out of a name of its own.
        return address.is_loopback or self._on_all_addresses


def _host_name(host: str) -> str:
    """Give the name or the address in a `Host` header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _address(listening: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(listening.partition("%")[0])
