"""Who may see the dashboard: a browser that has signed in with the token of the control API.

A session is its cookie, which is signed: the server keeps nothing. The key of the signature comes
from the token, so that another token ends all sessions.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, TimestampSigner

from backroom import clock

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SESSION_COOKIE = "backroom_session"
SESSION_SECONDS = 30 * 24 * 3600
"""How long a session lasts."""
FIELD = "csrf_token"
"""The field of a form that only a page of the session can have filled in."""
HEADER = "X-CSRF-Token"
"""The same for requests that a script makes."""


class Sessions:
    """Begins sessions, and recognises them. `path` is where browsers send the cookie."""

    def __init__(self, token: str, path: str, *, secure: bool) -> None:
        self._path = path
        self._secure = secure
        self._signer = TimestampSigner(
            token, salt="backroom dashboard", digest_method=hashlib.sha256
        )

    @staticmethod
    def new() -> str:
        """Give a session that nobody has."""
        return secrets.token_urlsafe(16)

    def begin(self, request: Request, response: Response, session: str) -> None:
        """Have the answer to a request begin a session."""
        value = self._signer.sign(session).decode()
        response.set_cookie(
            _name_of_cookie(request),
            value,
            max_age=SESSION_SECONDS,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def end(self, request: Request, response: Response) -> None:
        """Have the answer to a request end a session."""
        response.delete_cookie(
            _name_of_cookie(request),
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def of(self, request: Request) -> str | None:
        """Give the session that a request belongs to, or None."""
        found = self._found(request)
        return None if found is None else found[0]

    def seconds_left(self, request: Request) -> float:
        """Give how long the session of a request still lasts, 0 where it has none."""
        found = self._found(request)
        return 0.0 if found is None else max(found[1] + SESSION_SECONDS - clock.epoch(), 0.0)

    def _found(self, request: Request) -> tuple[str, float] | None:
        """Give the session of a request, and when it has begun, in seconds since 1970."""
        value = request.cookies.get(_name_of_cookie(request), "")
        try:
            session, begun = self._signer.unsign(
                value, max_age=SESSION_SECONDS, return_timestamp=True
            )
            return session.decode(), begun.timestamp()
        except (BadSignature, UnicodeError):
            return None

    def csrf_token(self, session: str) -> str:
        """Give what the forms of a session carry."""
        return self._signer.get_signature(f"form {session}").decode()

    def is_csrf_token(self, session: str, given: str) -> bool:
        """Whether a form was filled in on a page of the session."""
        return hmac.compare_digest(self.csrf_token(session).encode(), given.encode())


def _name_of_cookie(request: Request) -> str:
    """Give the name of a server's cookie: browsers keep one of a name for all ports of a host."""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"{SESSION_COOKIE}_{port}" if port.isdecimal() else SESSION_COOKIE
