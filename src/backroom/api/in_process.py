"""Calls of the API by the server itself. They need no socket, and go the way of every request.

Event-loop code, which other threads call. A call is admitted with a key that this process alone
knows. It is counted, checked, watched and answered as any other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom import clock
from backroom.api import routes
from backroom.api.admission import Admitted, Known, Refusal
from backroom.api.cursors import Cursors
from backroom.api.neighbour_query import query_of
from backroom.api.request import Request
from backroom.api.service import Service
from backroom.errors import Fault
from backroom.revisions import resolve
from backroom.store import keys
from backroom.store.keys import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.app import App
    from backroom.api.request import Answer
    from backroom.revisions import Revision
    from backroom.store.database import Database

HOST = "localhost"
"""The host of links in answers, where the server has no public URL."""
_LONGEST_CALL_SECONDS = 60.0
_OWN_KEY = "own"
"""Stands in place of the id of a key."""


class Answered(NamedTuple):
    """The answer to a call: its status, its headers by their names in lower case, and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotServing(Exception):
    """The server does not serve, or does not answer in time."""


class ApiCalls:
    """Calls one application. `key_of` gives the key to an account."""

    def __init__(self, app: App, key_of: Callable[[str], str]) -> None:
        self._app = app
        self._key_of = key_of
        self._loop: asyncio.AbstractEventLoop | None = None

    def serve_here(self) -> None:
        """Have calls made on the loop that runs: the server has just begun to serve on it."""
        self._loop = asyncio.get_running_loop()

    def call(
        self, account: str, method: str, target: str, revision: str, body: bytes = b""
    ) -> Answered:
        """Call the API as an account, from any thread but the loop's. `target` may have a query.

        Raises `NotServing`.
        """
        if self._loop is None or not self._loop.is_running():
            raise NotServing("The server does not serve requests.")
        authorization = f"Klaviyo-API-Key {self._key_of(account)}"
        request = _request(method, target, revision, self._app.public_url, authorization, body)
        asked = self._app.respond(request, _Whole(body).receive)
        try:
            answer = asyncio.run_coroutine_threadsafe(asked, self._loop).result(
                _LONGEST_CALL_SECONDS
            )
        except TimeoutError:
            raise NotServing(
                f"No answer has come within {_LONGEST_CALL_SECONDS:g} seconds."
            ) from None
        return _of_answer(answer)


class _Whole:
    """A request body that is there as a whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self._body, "more_body": False}


def look_up(
    database: Database, account: str, target: str, revision: str, public_url: str = ""
) -> Answered:
    """Give the answer to a GET of an account in a revision, without the marks of a request.

    The call is neither counted nor watched, so it changes nothing that a client sees.
    """
    request = _request("GET", target, revision, public_url.rstrip("/"), "", b"")
    rung = resolve(revision, clock.now().date())
    try:
        admitted = admitted_here(database, account, request, rung)
        with database.read() as tx:
            return _of_answer(Service.perform(admitted, None, tx))
    except Fault as fault:
        return _of_answer(Service.refuse(Refusal(fault, Known(request, revision=rung))))
    except Refusal as refusal:
        return _of_answer(Service.refuse(refusal))


def admitted_here(
    database: Database, account: str, request: Request, revision: Revision
) -> Admitted:
    """Admit a request of this process as one of an account, which has no key and no limits.

    Its path and its query are checked as those of any other. Raises `Fault`.
    """
    path = routes.match_path(request.raw_path)
    operation = path.operation(request.method, revision.date)
    return Admitted(
        request,
        path,
        Access(account, _OWN_KEY, None),
        revision,
        None,
        operation,
        query_of(operation, revision.date, request.query_string),
        Cursors(keys.cursor_secret(database)),
    )


def _request(
    method: str, target: str, revision: str, public_url: str, authorization: str, body: bytes
) -> Request:
    path, _, query = target.partition("?")
    headers = {"host": HOST, "revision": revision, "accept": "application/vnd.api+json"}
    if authorization:
        headers["authorization"] = authorization
    if body:
        headers |= {"content-type": "application/vnd.api+json", "content-length": str(len(body))}
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    return Request(method, path.encode(), query.encode(), encoded, "http", public_url)


def _of_answer(answer: Answer) -> Answered:
    pairs = [*answer.usual.pairs, *answer.headers]
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in pairs}
    return Answered(answer.status, headers, b"".join(answer.parts))
