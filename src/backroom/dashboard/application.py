"""The dashboard as an application of Starlette: its pages, and who may see them.

Event-loop code, but for the functions of pages. These are plain ones, which Starlette calls in a
thread, because they wait for the database. This module is imported when the dashboard is
first asked for.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backroom.api.control import PREFIX
from backroom.control.route import ControlError
from backroom.dashboard import (
    accounts,
    catalog,
    import_correction,
    imports,
    job,
    job_actions,
    jobs,
    overview,
    requests,
    resource_edit,
    settings,
    sign_in,
    testing,
)
from backroom.dashboard.live import LiveParts
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import FOLDER, HTMX, POLICY, Dashboard, dashboard_of, page
from backroom.dashboard.sessions import FIELD, HEADER, Sessions
from backroom.dashboard.traffic import Traffic
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backroom.api.observer import Observer
    from backroom.control.guard import Guard
    from backroom.control.route import Control

ROUTES: tuple[Route, ...] = (
    *sign_in.ROUTES,
    *overview.ROUTES,
    *requests.ROUTES,
    *testing.ROUTES,
    *accounts.ROUTES,
    *settings.ROUTES,
    *jobs.ROUTES,
    *job_actions.ROUTES,
    *job.ROUTES,
    *import_correction.ROUTES,
    *imports.ROUTES,
    *catalog.ROUTES,
    *resource_edit.ROUTES,
)
"""The pages. Each module of a page has its own table."""

_STATIC = f"{DASHBOARD_PATH}/static"
_HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not less: browsers send forms of pages without any referrer as those of an unknown origin.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_SAFE = frozenset({"GET", "HEAD"})
_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
MOST_UNSENT = 256 * 1024
"""Bytes of a form that is kept for somebody who has to sign in first."""
MOST_FORM = 16 * 1024 * 1024
"""Bytes. A file that is imported is sent as it is, in no form, and may be larger."""

_TRIED_AGAIN = 5
"""Seconds after which a browser loads a page again that needs the database."""

log = logging.getLogger(__name__)


def dashboard_application(
    control: Control, guard: Guard, token: str, observe: Callable[[Observer], None]
) -> ASGIApp:
    """Make the application. `token` signs sessions; `observe` adds an observer to the server."""
    public = urlsplit(control.settings.public_url)
    root = public.path.rstrip("/")
    traffic = Traffic()
    observe(traffic)
    served = Starlette(
        routes=[*ROUTES, Mount(_STATIC, StaticFiles(directory=FOLDER / "static"))],
        exception_handlers={
            HTTPException: _show_http_error,
            ControlError: _show_control_error,
            StoreUnavailable: _show_unavailable,
            Exception: _show_failure,
        },
    )
    served.state.dashboard = Dashboard(
        control,
        Sessions(token, root + PREFIX, secure=public.scheme == "https"),
        traffic,
        LiveParts(),
        root,
        guard.is_token,
    )
    return _SignedInOnly(served, guard)


class _SignedInOnly:
    """Asks a browser without a session to sign in, and refuses forms that another page has sent."""

    def __init__(self, served: Starlette, guard: Guard) -> None:
        self._served = served
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._served
        request = Request(scope, receive, send)
        send = _with_headers(send)
        try:
            self._guard.check_origin(request.headers)
        except ControlError as error:
            await PlainTextResponse(error.detail, error.status)(scope, receive, send)
            return
        session = dashboard_of(request).sessions.of(request)
        scope["session_id"] = session
        path = scope["path"].rstrip("/") or "/"
        is_open = path.startswith(_STATIC) or path == sign_in.SIGN_IN_PATH
        if request.method in _SAFE:
            refusal = sign_in.ask(request) if session is None and not is_open else None
        else:
            refusal = await _checked_form(request, session, is_open=is_open)
        await (refusal or self._served)(scope, receive, send)


async def _checked_form(request: Request, session: str | None, *, is_open: bool) -> Response | None:
    """Read the form in a request for its page. Give an answer where no page may have it."""
    is_strange = session is None and not is_open
    try:
        form = await _sent_form(request, MOST_UNSENT if is_strange else MOST_FORM)
    except (_TooLarge, HTTPException) as error:
        if is_strange:
            return sign_in.ask(request)
        return PlainTextResponse(str(error), 413)
    if is_strange:
        return sign_in.ask(request, sign_in.unsent_form(request, form))
    request.scope["form"] = form
    given = request.headers.get(HEADER) or str(form.get(FIELD, ""))
    sessions = dashboard_of(request).sessions
    if session is not None and not sessions.is_csrf_token(session, given):
        return _too_old(request, session, form)
    return None


class _TooLarge(Exception):
    """A form is larger than any of a page."""


async def _sent_form(request: Request, most: int) -> FormData:
    """Read the form in a request. What is sent in another way is left to its page."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in _FORM_TYPES:
        return FormData()
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > most:
            raise _TooLarge(f"A form has at most {most:,} bytes.")

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(received), "more_body": False}

    return await Request(request.scope, receive).form(max_part_size=MOST_FORM)


def _too_old(request: Request, session: str, form: FormData) -> Response:
    """Refuse a form of another session. The reader can send its texts in this session."""
    if HTMX in request.headers:
        token = dashboard_of(request).sessions.csrf_token(session)
        return page(request, "too_old.html", status=403, headers={HEADER: token})
    unsent = sign_in.unsent_form(request, form)
    if unsent is not None and FIELD in form:
        return sign_in.show_unsent(request, unsent, status=403)
    words = "The form belongs to another session. Load the page again, then send the form."
    return page(request, "error.html", status=403, title="This form is too old", words=words)


def _with_headers(send: Send) -> Send:
    """Add the headers that every answer has, where a page has not set its own."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.lower().encode(), value.encode())
                    for name, value in _HEADERS.items()
                    if name.lower().encode() not in present
                ),
            ]
        await send(message)

    return send_with_headers


def _error_page(request: Request, status: int, title: str, words: str) -> Response:
    """Show what went wrong: as a page, or as a message on the page that is there."""
    template = "message.html" if HTMX in request.headers else "error.html"
    return page(request, template, status=status, title=title, words=words)


def _show_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status == HTTPStatus.NOT_FOUND:
        if detail == HTTPStatus.NOT_FOUND.phrase:
            detail = f"There is no {request.url.path}."
        return _error_page(request, status, "Page not found", detail)
    return _error_page(request, status, "The server could not do this", detail)


def _show_control_error(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, ControlError) else 500
    return _error_page(request, status, "The server could not do this", str(error))


def _show_unavailable(request: Request, error: Exception) -> Response:
    is_loaded_again = request.method in _SAFE and HTMX not in request.headers
    again = " This page is loaded again every few seconds." if is_loaded_again else ""
    words = f"The server says: {error}.{again}"
    answer = _error_page(request, 503, "The database is unavailable", words)
    if is_loaded_again:
        answer.headers["Refresh"] = str(_TRIED_AGAIN)
    return answer


def _show_failure(request: Request, _: Exception) -> Response:
    # Starlette raises the error again, so that it is logged.
    return _error_page(request, 500, "The server failed", "The log of the server has the reason.")
