"""Signing in: by the link that the server prints at its start, or with the control API's token.

The link has the token in its query. The answer begins a session and leads on, so that the token
does not stay in the address bar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backroom.dashboard.mount import DASHBOARD_PATH, HOME
from backroom.dashboard.page import dashboard_of, form_of, page

if TYPE_CHECKING:
    from starlette.requests import Request

SIGN_IN_PATH = f"{DASHBOARD_PATH}/sign-in"
_SEE_OTHER = 303


def ask(request: Request) -> Response:
    """Answer a browser that is not signed in, for any page."""
    token = request.query_params.get("token")
    if token is not None and request.method == "GET":
        return _signed_in(request, token)
    return page(request, "sign_in.html", status=401, wrong=False)


def _signed_in(request: Request, token: str) -> Response:
    dashboard = dashboard_of(request)
    if not dashboard.is_token(token.strip()):
        return page(request, "sign_in.html", status=401, wrong=True)
    # A redirect would be followed without the cookie, where a page of another site has led here.
    # This page leads on by itself, which counts as a step of our own.
    response = page(request, "signed_in.html")
    dashboard.sessions.begin(response)
    return response


def sign_in(request: Request) -> Response:
    """Take the token from the form."""
    return _signed_in(request, form_of(request).get("token", ""))


def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    dashboard = dashboard_of(request)
    response = RedirectResponse(dashboard.root + HOME, _SEE_OTHER)
    dashboard.sessions.end(response)
    return response


ROUTES = (
    Route(SIGN_IN_PATH, sign_in, methods=["POST"]),
    Route(f"{DASHBOARD_PATH}/sign-out", sign_out, methods=["POST"]),
)
