"""What the server says of itself, under a prefix that the API can't have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import __version__
from backroom.api.headers import ALLOW, CONTENT_TYPE
from backroom.api.openapi import publish
from backroom.api.request import Answer
from backroom.revisions import NEWEST, OLDEST
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from backroom.api.headers import Headers
    from backroom.store.database import Database

PREFIX = "/_backroom"
_JSON: Headers = [(CONTENT_TYPE, b"application/json")]
_POLICY = (
    b"Content-Security-Policy",
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
)
"""Published pages load no external resources; this header makes browsers enforce it."""


def answer(method: str, path: str, database: Database) -> Answer | None:
    """Answer a control path, None where it is none."""
    health = path.removesuffix("/")
    published = publish.find(PREFIX, path) if path.startswith(f"{PREFIX}/") else None
    if health not in _HEALTH and published is None:
        return None
    if method not in {"GET", "HEAD"}:
        return Answer(405, [], [(ALLOW, b"GET, HEAD")])
    if published is not None:
        media_type = (CONTENT_TYPE, published.media_type.encode())
        return Answer(200, [published.body], [media_type, _POLICY])
    ready = not asks_database(path) or _ready(database)
    body = {
        "status": "ok" if ready else "unavailable",
        "version": __version__,
        "database": database.dialect.name,
        "revisions": {"oldest": OLDEST, "newest": NEWEST},
    }
    return Answer(200 if ready else 503, [msgspec.json.encode(body)], _JSON)


_READY = frozenset({"/health", f"{PREFIX}/health", f"{PREFIX}/health/ready"})
_HEALTH = _READY | {f"{PREFIX}/health/live"}


def asks_database(path: str) -> bool:
    """Whether a control path's answer has to wait for the database."""
    return path.removesuffix("/") in _READY


def _ready(database: Database) -> bool:
    try:
        with database.read() as tx:
            tx.one("select 1")
    except StoreUnavailable:
        return False
    return True
