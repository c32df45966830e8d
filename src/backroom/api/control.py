"""The paths of the server outside of the API: its health, its OpenAPI documents and their pages.

`ROUTES` is the table. The reference page docs/reference/server-paths.md is made from it. All other
paths below `PREFIX` are those of the control API, a `mounted` application.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import __version__
from backroom.api import catalog_digests
from backroom.api.headers import ALLOW, CONTENT_TYPE
from backroom.api.openapi import publish
from backroom.api.request import Answer
from backroom.catalog.kinds import KINDS
from backroom.errors import NotAuthenticated
from backroom.revisions import NEWEST, OLDEST, REVISIONS
from backroom.store.changes import mark_of_catalogs
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.headers import Headers
    from backroom.api.openapi.publish import Published
    from backroom.catalog.kinds import Kind
    from backroom.revisions import Revision
    from backroom.store.database import Database

    Handler = Callable[["Served"], Answer | None]
    Shown = Callable[[], tuple[str, bytes]] | None

PREFIX = "/_backroom"
"""All of these paths begin so, except `/`, `/health` and `/metrics`. No path of the API does."""
CONTROL_METHODS = ("GET", "HEAD")
DATE_IN_PATH = "{date}"
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

_JSON_HEADERS: Headers = [(CONTENT_TYPE, b"application/json")]
_POLICY = (
    b"Content-Security-Policy",
    (
        b"default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
        b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
)
"""Published pages load one script of this server, and send requests to no other.

This header makes browsers enforce it.
"""


def _nobody() -> str:
    raise NotAuthenticated


class PathRequest(NamedTuple):
    """What a request says beside its path. `accept` is its header `Accept`.

    `account` gives the account that its key may read. It raises `Fault`.
    """

    accept: str = ""
    query: str = ""
    account: Callable[[], str] = _nobody


class Served(NamedTuple):
    """The parts from which answers of these paths are made. `revision` is the one in the path.

    `metrics` gives the metrics of the server after their media type. It is None if metrics are off.
    """

    database: Database
    worker: str
    revision: Revision
    metrics: Shown
    asked: PathRequest = PathRequest()


class Need(StrEnum):
    """What a route needs before it can answer. This decides in which thread its handler may run."""

    NOTHING = "nothing"
    DATABASE = "the database"
    MAKING = "the document, made at the first request"
    MEASURING = "the metrics, made each time"
    READING = "a key of the account, whose catalog is read"


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
        return DATE_IN_PATH in self.path


class FoundRoute(NamedTuple):
    """A route, and the revision in its path, or the newest one if the path has none."""

    route: Route
    revision: Revision

    @property
    def is_made(self) -> bool:
        """Whether the document or page has been made before."""
        return (self.route.path, self.revision.date) in _made


_LONG = frozenset({Need.MEASURING, Need.READING})
_made: set[tuple[str, str]] = set()
"""The paths and dates of documents and pages that have been made: these are answered at once."""


def _front(served: Served) -> Answer | None:
    """Lead a browser to the dashboard. Programs get no answer here, as from the real service."""
    if "text/html" not in served.asked.accept:
        return None
    # A relative path is right behind a proxy that adds a path, too.
    return Answer(303, [], [(b"Location", f".{PREFIX}/".encode())])


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
    return Answer(status, [msgspec.json.encode(body)], _JSON_HEADERS)


def _changes(served: Served) -> Answer:
    with served.database.read() as tx:
        mark = mark_of_catalogs(tx)
    return Answer(200, [msgspec.json.encode({"mark": mark or None})], _JSON_HEADERS)


def _digests(kind: Kind, served: Served) -> Answer:
    account = served.asked.account()
    answered = catalog_digests.answered(served.database, kind, account, served.asked.query)
    return Answer(200, [msgspec.json.encode(answered)], _JSON_HEADERS)


def _listing(_: Served) -> Answer:
    return _published(publish.revision_list(PREFIX))


def _openapi_document(served: Served) -> Answer:
    return _published(publish.published_document(served.revision.date))


def _openapi_page(served: Served) -> Answer:
    return _published(publish.published_page(PREFIX, served.revision.date))


def _script(_: Served) -> Answer:
    return _published(publish.published_script())


def _published(published: Published) -> Answer:
    media_type = (CONTENT_TYPE, published.media_type.encode())
    return Answer(200, [published.body], [media_type, _POLICY])


def _metrics(served: Served) -> Answer:
    assert served.metrics is not None  # noqa: S101 - there is no such path otherwise
    media_type, text = served.metrics()
    return Answer(200, [text], [(CONTENT_TYPE, media_type.encode())])


_SERVES = "Whether the server can serve: it can while its database can be read and written to."

ROUTES = (
    Route(
        "/",
        _front,
        Need.NOTHING,
        (303, 404),
        "Redirects a browser to the dashboard. Other clients get 404.",
    ),
    Route("/health", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(f"{PREFIX}/health", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(f"{PREFIX}/health/ready", _ready, Need.DATABASE, (200, 503), _SERVES),
    Route(
        f"{PREFIX}/health/live",
        _live,
        Need.NOTHING,
        (200,),
        "Whether the process lives. The answer needs no database and does not wait.",
    ),
    Route(
        "/metrics",
        _metrics,
        Need.MEASURING,
        (200, 404),
        "The [metrics](metrics.md) of the process, for Prometheus, unless `--metrics off` or"
        " `--metrics-port` says otherwise.",
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
        f"{PREFIX}/changes",
        _changes,
        Need.DATABASE,
        (200, 503),
        "A `mark` of all catalogs: another text whenever one may have changed. Null where the"
        " database can't say. `backroom push --watch` asks for it.",
    ),
    *(
        Route(
            f"{PREFIX}/changes/{kind.plural}",
            partial(_digests, kind),
            Need.READING,
            (200, 400, 401, 403, 503),
            f"Digests of blocks of the account's {kind.plural}, by the number that a block begins"
            " with. With `?block=NUMBER`, the digest of each of its resources. `backroom push"
            " --watch` finds by it what has changed.",
        )
        for kind in KINDS.values()
    ),
    Route(
        f"{PREFIX}{publish.DOCUMENTS}",
        _listing,
        Need.NOTHING,
        (200,),
        "The revisions, with the paths of their documents and pages.",
    ),
    Route(
        f"{PREFIX}{publish.DOCUMENTS}/{DATE_IN_PATH}.json",
        _openapi_document,
        Need.MAKING,
        (200, 404),
        "The OpenAPI 3.1 document of a revision.",
    ),
    Route(
        f"{PREFIX}{publish.DOCS_PATH}",
        _openapi_page,
        Need.MAKING,
        (200,),
        "The document of the newest revision, as a page to read.",
    ),
    Route(
        f"{PREFIX}{publish.SCRIPT}",
        _script,
        Need.NOTHING,
        (200,),
        "The script of these pages.",
    ),
    Route(
        f"{PREFIX}{publish.DOCS_PATH}/{DATE_IN_PATH}",
        _openapi_page,
        Need.MAKING,
        (200, 404),
        "The document of a revision, as a page to read.",
    ),
)

_BELOW = f"{PREFIX}/"
_OWN_PATHS = tuple(
    f"{PREFIX}{each}" for each in ("/health", "/changes", publish.DOCUMENTS, publish.DOCS_PATH)
)
_FIXED = {each.path: each for each in ROUTES if not each.dated}
_DATED = [(each.path.partition(DATE_IN_PATH), each) for each in ROUTES if each.dated]


def route_of(path: str) -> FoundRoute | None:
    """Give the route of a path, or None if there is no such route or no revision of its date."""
    plain = path.removesuffix("/") or path
    fixed = _FIXED.get(plain)
    if fixed is not None:
        return FoundRoute(fixed, REVISIONS[NEWEST])
    for (start, _, end), route in _DATED:
        if plain.startswith(start) and plain.endswith(end):
            revision = publish.revision_of(plain[len(start) : len(plain) - len(end)])
            if revision is not None:
                return FoundRoute(route, revision)
    return None


def is_own(path: str) -> bool:
    """Whether a path is one of these routes, or looks like one but has an unknown date."""
    return not (path == PREFIX or path.startswith(_BELOW)) or path.startswith(_OWN_PATHS)


def answer_route(
    method: str,
    path: str,
    database: Database,
    worker: str = "here",
    metrics: Shown = None,
    asked: PathRequest = PathRequest(),  # noqa: B008 - it never changes
) -> Answer | None:
    """Answer a request for one of the routes. Gives None for any other path. Raises `Fault`.

    `worker` says where jobs are applied, `metrics` gives those of the server.
    """
    found = route_of(path)
    if found is None or (found.route.needs is Need.MEASURING and metrics is None):
        return None
    if method not in CONTROL_METHODS:
        if found.route.handler is _front:
            # The real service has nothing at this path, whatever the method.
            return None
        return Answer(405, [], [(ALLOW, ", ".join(CONTROL_METHODS).encode())])
    answered = found.route.handler(Served(database, worker, found.revision, metrics, asked))
    if found.route.needs is Need.MAKING:
        _made.add((found.route.path, found.revision.date))
    return answered


def takes_long(path: str) -> bool:
    """Whether answering a path takes some milliseconds: a document is made first, or metrics are.

    A document is made once. Such a path is answered in a thread, because the event loop could
    answer no other request meanwhile.
    """
    found = route_of(path)
    if found is None:
        return False
    needs = found.route.needs
    return needs in _LONG or (needs is Need.MAKING and not found.is_made)
