from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from backroom.dashboard import sessions
from backroom.dashboard.sessions import SESSION_COOKIE, SESSION_SECONDS, Sessions


def a_request(cookie: str = "", host: str = "shop.example") -> Request:
    headers = [(b"cookie", cookie.partition(";")[0].encode()), (b"host", host.encode())]
    return Request({"type": "http", "headers": headers})


def begun(token: str = "token", *, secure: bool = False) -> str:
    response = Response()
    Sessions(token, "/_backroom", secure=secure).begin(a_request(), response, "session")
    return response.headers["set-cookie"]


def test_session_is_recognised() -> None:
    assert Sessions("token", "/", secure=False).of(a_request(begun())) is not None


def test_session_knows_its_end() -> None:
    kept = Sessions("token", "/", secure=False)
    assert 0 < SESSION_SECONDS - kept.seconds_left(a_request(begun())) < 60
    assert kept.seconds_left(a_request("backroom_session=forged")) == 0


def test_another_token_ends_sessions() -> None:
    assert Sessions("other", "/", secure=False).of(a_request(begun())) is None


@pytest.mark.parametrize("value", ["", "forged", "a.b.c", "ü"])
def test_forged_cookies_are_nobody(value: str) -> None:
    assert Sessions("token", "/", secure=False).of(a_request(f"{SESSION_COOKIE}={value}")) is None


def test_session_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSION_SECONDS", -1)
    assert Sessions("token", "/", secure=False).of(a_request(begun())) is None


def test_cookie_is_secure_over_https() -> None:
    assert "secure" in begun(secure=True).lower()
    assert "secure" not in begun().lower()


def test_forms_belong_to_one_session() -> None:
    kept = Sessions("token", "/", secure=False)
    assert kept.is_csrf_token("one", kept.csrf_token("one"))
    assert not kept.is_csrf_token("one", kept.csrf_token("two"))
    assert not kept.is_csrf_token("one", "")


def test_servers_on_one_host_share_no_cookie() -> None:
    kept = Sessions("token", "/", secure=False)
    response = Response()
    kept.begin(a_request(host="127.0.0.1:7227"), response, "session")
    cookie = response.headers["set-cookie"]
    assert kept.of(a_request(cookie, "127.0.0.1:7227")) == "session"
    assert kept.of(a_request(cookie, "127.0.0.1:7228")) is None
