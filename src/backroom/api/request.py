"""An HTTP request as the handlers see it, and the answer they give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from backroom import clock
from backroom.api.headers import NONE
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from backroom.api.documents import Parts
    from backroom.api.headers import Headers, Usual
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
    """What arrived, before its body. Names of headers are in lower case.

    `target` is what follows the base in its URL.
    """

    __slots__ = ("_headers", "base", "method", "query_string", "raw_path", "target")

    def __init__(
        self,
        method: str,
        raw_path: bytes,
        query_string: bytes,
        headers: dict[bytes, bytes],
        scheme: str,
        public_url: str,
    ) -> None:
        self.method = method
        self.raw_path = raw_path.decode("latin-1")
        self.query_string = query_string.decode("latin-1")
        self._headers = headers
        self.base = public_url or f"{scheme}://{self.header(b'host') or ''}"
        self.target = _quoted(self.raw_path)
        if query_string:
            self.target += f"?{_quoted(self.query_string)}"

    @classmethod
    def of_scope(cls, scope: MutableMapping[str, Any], public_url: str) -> Self:
        """Read an ASGI scope."""
        return cls(
            scope["method"],
            scope["raw_path"],
            scope["query_string"],
            dict(scope["headers"]),
            scope["scheme"],
            public_url,
        )

    def header(self, name: bytes) -> str | None:
        """Give the header of a name in lower case, None where it is missing."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def url(self) -> str:
        """The URL as it was called, percent-encoded (observed in `links.self`)."""
        return self.base + self.target


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
    """A status and the parts of a body; headers of its own, that come after the usual ones."""

    status: int
    parts: Parts
    headers: Headers
    usual: Usual = NONE

    @property
    def length(self) -> int:
        """How many bytes the body has."""
        return sum(map(len, self.parts))
