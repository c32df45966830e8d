"""An HTTP request as the handlers see it, and the answer they give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backroom import clock
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from backroom.api.limits import Allowance
    from backroom.api.query import Query
    from backroom.api.routes import Path
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.keys import Access

# What a URL may hold as it is; the rest of what a client sent is percent-encoded, brackets too.
_URL_SAFE = "%/:@!$&'()*+,;=-._~?"
_AS_IT_IS = re.compile(r"[A-Za-z0-9%/:@!$&'()*+,;=\-._~?]*")


class Request:
    """What arrived, before its body: read from an ASGI scope."""

    __slots__ = ("_headers", "base", "method", "query_string", "raw_path")

    def __init__(self, scope: MutableMapping[str, Any], public_url: str) -> None:
        self.method: str = scope["method"]
        self.raw_path: str = scope["raw_path"].decode("latin-1")
        self.query_string: str = scope["query_string"].decode("latin-1")
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.base = public_url or f"{scope['scheme']}://{self.header(b'host') or ''}"

    def header(self, name: bytes) -> str | None:
        """Give the header of a name in lower case, None where it is missing."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def url(self) -> str:
        """The URL as it was called, percent-encoded (observed in `links.self`)."""
        path, query = _quoted(self.raw_path), _quoted(self.query_string)
        return f"{self.base}{path}?{query}" if query else f"{self.base}{path}"


def _quoted(text: str) -> str:
    if _AS_IT_IS.fullmatch(text):
        return text
    return quote(text.encode("latin-1"), safe=_URL_SAFE)


@dataclass(slots=True)
class Call:
    """A request on its way: what has been found out about it so far."""

    request: Request
    request_id: str = field(default_factory=clock.new_uuid)
    path: Path | None = None
    access: Access | None = None
    revision: Revision | None = None
    allowance: Allowance | None = None
    operation: Operation = field(init=False)
    query: Query = field(init=False)
    body: Any = None
    born: Status = Status.PROCESSING
    """The status of a job that this call submits."""

    @property
    def at(self) -> Revision:
        """The revision that was asked for."""
        assert self.revision is not None  # noqa: S101 - no handler runs before it is known
        return self.revision

    @property
    def account(self) -> str:
        """The account whose key was given."""
        assert self.access is not None  # noqa: S101 - no handler runs before authentication
        return self.access.account

    @property
    def resource_id(self) -> str:
        """The id in the path."""
        assert self.path is not None  # noqa: S101 - as account
        return self.path.resource_id


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the bytes of a body, with headers of its own."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
