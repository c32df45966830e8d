"""The paths of the server outside of the API: its health, its OpenAPI documents and their pages.

`ROUTES` is the table. The reference page docs/reference/server-paths.md is made from it. All other
paths below `PREFIX` are those of the control API, a `mounted` application.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import __version__
from backroom.api.headers import ALLOW, CONTENT_TYPE
from backroom.api.openapi import publish
from backroom.api.request import Answer
from backroom.revisions import NEWEST, OLDEST, REVISIONS
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.headers import Headers
    from backroom.api.openapi.publish import Published
    from backroom.revisions import Revision
    from backroom.store.database import Database

    Handler = Callable[["Served"], Answer]

PREFIX = "/_backroom"
"""The start of these paths. No path of the API starts with it. Only `/health` has another start."""
METHODS = ("GET", "HEAD")
DATE = "{date}"
HEALTH_MEMBERS = {
    "status": "`ok`, or `unavailable` while the database can't be written to",
    "version": "the version of backroom",
    "database": "the engine of its database: `sqlite` or `postgres`",
    "worker": "where jobs are applied: `here`, or `elsewhere` by `backroom work`; `missing` if no"
    " worker has been alive for a minute",
    "revisions.oldest": "the oldest revision that is served",
    "revisions.newest": "the newest revision that is served",
}
"""The meaning of each member of a health answer, in the order of the answer."""

_JSON: Headers = [(CONTENT_TYPE, b"application/json")]
_POLICY = (
    b"Content-Security-Policy",
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
)
"""Published pages load no external resources. This header makes browsers enforce it."""


class Served(NamedTuple):
    """What the answers of these paths are made from. `revision` is the one in the path."""

    database: Database
    worker: str
    revision: Revision


class Need(StrEnum):
    """What a route needs before it can answer. This decides in which thread its handler may run."""

    NOTHING = "nothing"
    DATABASE = "the database"
    MAKING = "the document, made when it is first asked for"


@dataclass(frozen=True)
class Route:
    """One path, with or without a slash at its end. `{date}` in it stands for a revision."""

    path: str
    handler: Handler
    needs: Need
    statuses: tuple[int, ...]
    words: str

    @property
    def dated(self) -> bool:
        """Whether the path names a revision."""
        return DATE in self.path


class Found(NamedTuple):
    """A route, and the revision in its path, or the newest one if the path has none."""

    route: Route
    revision: Revision

    @property
    def is_made(self) -> bool:
        """Whether the document or page has been made before."""
        return (self.route.path, self.revision.date) in _made


_made: set[tuple[str, str]] = set()
"""The paths and dates of documents and pages that have been made: these are answered at once."""


def _ready(served: Served) -> Answer:
    try:
        served.database.check()
    except StoreUnavailable:
        return _health(served, 503, "unavailable")
    return _health(served, 200, "ok")


def _live(served: Served) -> Answer:
    return _health(served, 200, "ok")


def _health(served: Served, status: int, word: str) -> Answer:
    body = {
        "status": word,
        "version": __version__,
        "database": served.database.dialect.name,
        "worker": served.worker,
        "revisions": {"oldest": OLDEST, "newest": NEWEST},
    }
    return Answer(status, [msgspec.json.encode(body)], _JSON)


def _listing(_: Served) -> Answer:
    return _published(publish.revision_list(PREFIX))


def _openapi_document(served: Served) -> Answer:
    return _published(publish.published_document(served.revision.date))


def _openapi_page(served: Served) -> Answer:
    return _published(publish.published_page(PREFIX, served.revision.date))


def _published(published: Published) -> Answer:
    media_type = (CONTENT_TYPE, published.media_type.encode())
    return Answer(200, [published.body], [media_type, _POLICY])


_SERVES = "Whether the server can serve: it can while its database can be read and written to."

ROUTES = (
    Route("/health", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(f"{PREFIX}/health", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(f"{PREFIX}/health/ready", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(
        f"{PREFIX}/health/live",
        _live,
        Need.NOTHING,
        (200,),
        "Whether the process lives. It does not ask the database and waits for nothing.",
    ),
    Route(
        f"{PREFIX}/health/startup",
        _live,
        Need.NOTHING,
        (200,),
        "Whether the server has started: its database is open and has this version's schema. Before"
        " that, a request gets no answer.",
    ),
    Route(
        f"{PREFIX}{publish.DOCUMENTS}",
        _listing,
        Need.NOTHING,
        (200,),
        "The revisions, with the paths of their documents and pages.",
    ),
    Route(
        f"{PREFIX}{publish.DOCUMENTS}/{DATE}.json",
        _openapi_document,
        Need.MAKING,
        (200, 404),
        "The OpenAPI 3.1 document of a revision.",
    ),
    Route(
        f"{PREFIX}{publish.PAGES}",
        _openapi_page,
        Need.MAKING,
        (200,),
        "The document of the newest revision, as a page to read.",
    ),
    Route(
        f"{PREFIX}{publish.PAGES}/{DATE}",
        _openapi_page,
        Need.MAKING,
        (200, 404),
        "The document of a revision, as a page to read.",
    ),
)

_BELOW = f"{PREFIX}/"
_OWN = tuple(f"{PREFIX}{each}" for each in ("/health", publish.DOCUMENTS, publish.PAGES))
_FIXED = {each.path: each for each in ROUTES if not each.dated}
_DATED = [(each.path.partition(DATE), each) for each in ROUTES if each.dated]


def route_of(path: str) -> Found | None:
    """Give the route of a path, or None if there is no such route or no revision of its date."""
    plain = path.removesuffix("/")
    fixed = _FIXED.get(plain)
    if fixed is not None:
        return Found(fixed, REVISIONS[NEWEST])
    for (start, _, end), route in _DATED:
        if plain.startswith(start) and plain.endswith(end):
            revision = publish.revision_of(plain[len(start) : len(plain) - len(end)])
            if revision is not None:
                return Found(route, revision)
    return None


def is_own(path: str) -> bool:
    """Whether a path is one of these, or of their neighbours that don't exist, as another date."""
    return not path.startswith(_BELOW) or path.startswith(_OWN)


def answer_route(method: str, path: str, database: Database, worker: str = "here") -> Answer | None:
    """Answer a request for one of the routes. Gives None for any other path.

    `worker` says where jobs are applied.
    """
    found = route_of(path)
    if found is None:
        return None
    if method not in METHODS:
        return Answer(405, [], [(ALLOW, ", ".join(METHODS).encode())])
    answered = found.route.handler(Served(database, worker, found.revision))
    if found.route.needs is Need.MAKING:
        _made.add((found.route.path, found.revision.date))
    return answered


def takes_long(path: str) -> bool:
    """Whether answering a path takes some 25 ms, because its document must be made first.

    That happens once for each document and page. Such a path is answered in a thread, because the
    event loop could answer no other request meanwhile.
    """
    found = route_of(path)
    return found is not None and found.route.needs is Need.MAKING and not found.is_made
