from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from backroom.dashboard import sessions
from backroom.dashboard.sessions import SESSION_COOKIE, SESSION_SECONDS, Sessions


def begun(token: str = "token", *, secure: bool = False) -> str:
    response = Response()
    Sessions(token, "/_backroom", secure=secure).begin(response, "session")
    return response.headers["set-cookie"]


def request_with(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.partition(";")[0].encode())]})


def test_session_is_recognised() -> None:
    assert Sessions("token", "/", secure=False).of(request_with(begun())) is not None


def test_session_knows_its_end() -> None:
    kept = Sessions("token", "/", secure=False)
    assert 0 < SESSION_SECONDS - kept.seconds_left(request_with(begun())) < 60
    assert kept.seconds_left(request_with("backroom_session=forged")) == 0


def test_another_token_ends_sessions() -> None:
    assert Sessions("other", "/", secure=False).of(request_with(begun())) is None


@pytest.mark.parametrize("value", ["", "forged", "a.b.c", "ü"])
def test_forged_cookies_are_nobody(value: str) -> None:
    assert (
        Sessions("token", "/", secure=False).of(request_with(f"{SESSION_COOKIE}={value}")) is None
    )


def test_session_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSION_SECONDS", -1)
    assert Sessions("token", "/", secure=False).of(request_with(begun())) is None


def test_cookie_is_secure_over_https() -> None:
    assert "secure" in begun(secure=True).lower()
    assert "secure" not in begun().lower()


def test_forms_belong_to_one_session() -> None:
    kept = Sessions("token", "/", secure=False)
    assert kept.is_csrf_token("one", kept.csrf_token("one"))
    assert not kept.is_csrf_token("one", kept.csrf_token("two"))
    assert not kept.is_csrf_token("one", "")
