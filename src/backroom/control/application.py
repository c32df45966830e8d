"""The control API over HTTP: its table of routes as an application of Starlette.

Event-loop code. The functions of the table wait for the database, so each call has a thread. Calls
that wait for the next step of a test have threads of their own, so that other calls are answered
meanwhile. This module is imported when the control API is first asked for: starting a server costs
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

from backroom import events
from backroom.api.control import PREFIX
from backroom.control.route import EVENT_STREAM, ControlError, Given
from backroom.control.table import ROUTES
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from backroom.control.guard import Guard
    from backroom.control.route import Control, ControlRoute

MOST_BODY = 64 * 1024 * 1024
"""Bytes. A feed comes in one body."""
_CONTROL_THREADS = 16
"""How many calls are carried out at the same time."""
_WAITING_THREADS = 200
"""How many calls wait at the same time."""
_JSON_TYPE = "application/json"
_KEY_SCHEME = "klaviyo-api-key "
_NO_STORE = {"Cache-Control": "no-store"}

log = logging.getLogger(__name__)


def control_application(
    control: Control, guard: Guard, routes: tuple[ControlRoute, ...] = ROUTES
) -> ASGIApp:
    """Make the application, in front of which `guard` stands."""
    by_path: dict[str, dict[str, ControlRoute]] = {}
    for each in routes:
        by_path.setdefault(each.path, {})[each.method] = each
    threads = _Threads()
    paths = [
        Route(path, _Endpoint(control, methods, threads), methods=list(methods))
        for path, methods in by_path.items()
    ]
    served = Starlette(
        routes=[Mount(PREFIX, routes=paths)], exception_handlers={HTTPException: _refuse_http}
    )
    by_key = frozenset((each.method, PREFIX + each.path) for each in routes if each.by_key)
    return _Guarded(served, guard, by_key)


class _Guarded:
    """Lets a request through, or refuses it before anything of it is looked at."""

    def __init__(self, served: ASGIApp, guard: Guard, by_key: frozenset[tuple[str, str]]) -> None:
        self._served = served
        self._guard = guard
        self._by_key = by_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if scope["path"] != "/":
            # A path may end in a slash, as those of the API.
            scope["path"] = scope["path"].rstrip("/")
        try:
            if (scope["method"], scope["path"]) in self._by_key and _key_in(headers):
                self._guard.check_origin(headers)
            else:
                self._guard.check(headers)
        except ControlError as error:
            await _refused(error.status, error.detail)(scope, receive, send)
            return
        await self._served(scope, receive, send)


def _key_in(headers: Mapping[str, str]) -> str:
    """Give the `Authorization` header if it has a key of the API, else an empty text."""
    given = headers.get("authorization", "")
    return given if given.lower().startswith(_KEY_SCHEME) else ""


class _Threads:
    """The threads in which calls are carried out."""

    def __init__(self) -> None:
        self._acting = ThreadPoolExecutor(_CONTROL_THREADS, "backroom-control")
        self._waiting = ThreadPoolExecutor(_WAITING_THREADS, "backroom-waiting")

    async def call(self, route: ControlRoute, control: Control, given: Given) -> Any:
        """Call a route, and give its result. Raises what the call raises."""
        threads = self._waiting if route.waits else self._acting
        return await asyncio.get_running_loop().run_in_executor(threads, route.call, control, given)


class _Endpoint:
    """Answers the requests for one path, by method."""

    def __init__(
        self, control: Control, methods: dict[str, ControlRoute], threads: _Threads
    ) -> None:
        self._control = control
        self._methods = methods
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        route = self._methods[method]
        try:
            given = Given(
                dict(request.path_params),
                dict(request.query_params),
                await _received_members(request),
                _key_in(request.headers) if route.by_key else "",
            )
            result = await self._threads.call(route, self._control, given)
        except ControlError as error:
            return _refused(error.status, error.detail)
        except StoreUnavailable as error:
            return _refused(503, f"The database is unavailable: {error}. Try again.")
        except Exception:
            log.exception(events.CONTROL_FAILED, request.method, request.url.path)
            return _refused(500, "The server failed. Its log says why.")
        if result is None:
            return Response(status_code=204, headers=_NO_STORE)
        if isinstance(result, (Iterator, AsyncIterator)):
            return StreamingResponse(result, route.status, _NO_STORE, EVENT_STREAM)
        return Response(msgspec.json.encode(result), route.status, _NO_STORE, _JSON_TYPE)


async def _received_members(request: Request) -> dict[str, Any]:
    """Read the members of a body, which may be missing. Raises `ControlError`."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > MOST_BODY:
            raise ControlError(413, f"A body has at most {MOST_BODY:,} bytes. Load it in parts.")
    if not received:
        return {}
    try:
        return msgspec.json.decode(bytes(received), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ControlError(400, f"The body must be one JSON object: {error}") from None


def _refused(status: int, detail: str) -> Response:
    headers = dict(_NO_STORE)
    if status == 401:  # noqa: PLR2004 - the one that needs a challenge
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode({"error": detail}), status, headers, _JSON_TYPE)


async def _refuse_http(request: Request, error: Exception) -> Response:
    """Answer a request for an unknown path or method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    allowed = (getattr(error, "headers", None) or {}).get("Allow", "")
    if status == 405:  # noqa: PLR2004 - the status that says which methods there are
        response = _refused(status, f"This path takes {allowed}, not {request.method}.")
        response.headers["Allow"] = allowed
        return response
    return _refused(
        status, f"There is no {request.url.path}. GET {PREFIX}/control.json describes all paths."
    )
