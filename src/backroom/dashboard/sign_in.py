"""Signing in: by the link that the server prints at its start, or with the control API's token.

The link has the token in its query. The answer begins a session and redirects, so that the token
does not stay in the address bar. The browser then shows the page that it had asked for. A form that
was sent after its session had ended is shown again, and sent once its reader says so.

Event-loop code, but for `sign_in`, which Starlette calls in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from backroom.control.route import EVENT_STREAM
from backroom.dashboard.mount import DASHBOARD_PATH, HOME, is_of_dashboard
from backroom.dashboard.page import HTMX, dashboard_of, form_of, page
from backroom.dashboard.sessions import FIELD
from backroom.dashboard.streams import ended_stream

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request

SIGN_IN_PATH = f"{DASHBOARD_PATH}/sign-in"
SIGN_OUT_PATH = f"{DASHBOARD_PATH}/sign-out"
_SEE_OTHER = 303


class UnsentForm(NamedTuple):
    """A form that the server has not taken. `path` is where it goes."""

    path: str
    fields: list[tuple[str, str]]

    @property
    def encoded(self) -> str:
        """The fields as one text."""
        return urlencode(self.fields)


def unsent_form(request: Request, form: FormData) -> UnsentForm | None:
    """Give the form in a request, None where nothing was typed or a file is part of it."""
    fields = [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != FIELD
    ]
    if not fields or len(fields) < sum(name != FIELD for name, _ in form.multi_items()):
        return None
    return UnsentForm(request.scope["path"], fields)


def ask(request: Request, unsent: UnsentForm | None = None) -> Response:
    """Answer a browser that is not signed in, for any page."""
    token = request.query_params.get("token")
    wanted = _wanted(request)
    if token is not None and request.method == "GET":
        return _signed_in(request, token, wanted, None)
    if EVENT_STREAM in request.headers.get("accept", ""):
        # An error would have the browser ask again and again, and tell the reader nothing.
        return StreamingResponse(ended_stream(), media_type=EVENT_STREAM)
    if HTMX in request.headers:
        return page(request, "session_ended.html", status=401)
    return page(request, "sign_in.html", status=401, wrong=False, wanted=wanted, unsent=unsent)


def _wanted(request: Request) -> str:
    """Give the path and the query of a page that was asked for, without a token."""
    if request.method != "GET":
        return HOME
    query = urlencode([each for each in request.query_params.multi_items() if each[0] != "token"])
    path: str = request.scope["raw_path"].decode("ascii").partition("?")[0]
    return f"{path}?{query}" if query else path


def _is_page(path: str) -> bool:
    return is_of_dashboard(path.partition("?")[0]) and not path.startswith(SIGN_IN_PATH)


def _signed_in(request: Request, token: str, wanted: str, unsent: UnsentForm | None) -> Response:
    dashboard = dashboard_of(request)
    if not _is_page(wanted):
        wanted = HOME
    if not dashboard.is_token(token.strip()):
        return page(request, "sign_in.html", status=401, wrong=True, wanted=wanted, unsent=unsent)
    request.scope["session_id"] = session = dashboard.sessions.new()
    # A redirect would be followed without the cookie, where a page of another site has led here.
    # This page leads on by itself, which counts as a step of our own.
    if unsent is None:
        response = page(request, "signed_in.html", wanted=wanted)
    else:
        response = show_unsent(request, unsent)
    dashboard.sessions.begin(request, response, session)
    return response


def show_unsent(request: Request, unsent: UnsentForm, status: int = 200) -> Response:
    """Show a form that was not taken, so that its reader can send it in the present session."""
    return page(request, "unsent_form.html", status=status, unsent=unsent)


def sign_in(request: Request) -> Response:
    """Take the token from the form."""
    form = form_of(request)
    path, fields = form.get("path", ""), parse_qsl(form.get("fields", ""), keep_blank_values=True)
    unsent = UnsentForm(path, fields) if fields and _is_page(path) else None
    return _signed_in(request, form.get("token", ""), form.get("wanted", HOME), unsent)


async def sign_out(request: Request) -> Response:
    """End the session of this browser, on all its pages."""
    dashboard = dashboard_of(request)
    session = request.scope["session_id"]
    if session is not None:
        dashboard.streams.end(session)
    response = RedirectResponse(dashboard.root + HOME, _SEE_OTHER)
    dashboard.sessions.end(request, response)
    return response


ROUTES = (
    Route(SIGN_IN_PATH, sign_in, methods=["POST"]),
    Route(SIGN_OUT_PATH, sign_out, methods=["POST"]),
)
