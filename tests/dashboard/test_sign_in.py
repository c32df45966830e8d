from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from support.visitor import DASHBOARD_PATH, HOME, TOKEN, Visitor

if TYPE_CHECKING:
    import urllib3

    from backroom.server import Server

FORM = "application/x-www-form-urlencoded"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


def sign_in(visitor: Visitor, **fields: str) -> urllib3.BaseHTTPResponse:
    body = urlencode({"token": TOKEN, **fields}).encode()
    return visitor.ask("POST", f"{DASHBOARD_PATH}/sign-in", body, content_type=FORM)


def test_strangers_are_asked_to_sign_in(shown: Server) -> None:
    answer = Visitor(shown.url).ask("GET", HOME)
    assert answer.status == 401
    assert b"Sign in" in answer.data


def test_link_begins_a_session(shown: Server) -> None:
    visitor = Visitor(shown.url)
    answer = visitor.sign_in(TOKEN)
    assert answer.status == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/_backroom" in cookie
    assert "Overview" in visitor.words(HOME)


def test_token_leaves_the_address(shown: Server) -> None:
    answer = Visitor(shown.url).sign_in(TOKEN)
    assert b'http-equiv="refresh" content="0; url=/_backroom/"' in answer.data
    assert answer.headers["referrer-policy"] == "same-origin"


def test_wrong_token_begins_nothing(shown: Server) -> None:
    answer = Visitor(shown.url).sign_in("another")
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert b"not the token" in answer.data


def test_form_takes_the_token(shown: Server) -> None:
    visitor = Visitor(shown.url)
    answer = visitor.ask(
        "POST", f"{DASHBOARD_PATH}/sign-in", f"token={TOKEN}".encode(), content_type=FORM
    )
    assert answer.status == 200
    assert "Overview" in visitor.words(HOME)


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    answer = visitor.send(f"{DASHBOARD_PATH}/sign-out")
    assert answer.status == 303
    assert visitor.ask("GET", HOME).status == 401


def test_signing_in_leads_on(shown: Server) -> None:
    visitor = Visitor(shown.url)
    asked = visitor.ask("GET", f"{DASHBOARD_PATH}/jobs?state=queued")
    assert b'name="wanted" value="/_backroom/dashboard/jobs?state=queued"' in asked.data
    answer = sign_in(visitor, wanted=f"{DASHBOARD_PATH}/jobs?state=queued")
    assert b'url=/_backroom/dashboard/jobs?state=queued"' in answer.data


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/api/x", ""])
def test_signing_in_leads_nowhere_else(shown: Server, wanted: str) -> None:
    assert b'url=/_backroom/"' in sign_in(Visitor(shown.url), wanted=wanted).data


def test_typed_form_is_kept(shown: Server) -> None:
    visitor = Visitor(shown.url)
    path = f"{DASHBOARD_PATH}/accounts"
    asked = visitor.ask("POST", path, b"name=kept+name&csrf_token=x", content_type=FORM)
    assert asked.status == 401
    fields = dict(HIDDEN.findall(asked.data.decode()))
    assert fields["fields"] == "name=kept+name"
    answer = sign_in(visitor, **fields)
    assert b'value="kept name"' in answer.data
    found = dict(HIDDEN.findall(answer.data.decode()))
    sent = visitor.ask("POST", path, urlencode(found).encode(), content_type=FORM)
    assert b"The new key of kept name" in sent.data


def test_form_of_another_session_is_kept(visitor: Visitor) -> None:
    path = f"{DASHBOARD_PATH}/accounts"
    answer = visitor.ask("POST", path, b"name=typed&csrf_token=old", content_type=FORM)
    assert answer.status == 403
    assert b'value="typed"' in answer.data


def test_scripts_get_the_present_token(visitor: Visitor) -> None:
    headers = {"content_type": FORM, "HX_Request": "true"}
    body = b"clock=real&csrf_token=old"
    answer = visitor.ask("POST", f"{DASHBOARD_PATH}/testing/clock", body, **headers)
    assert answer.status == 403
    assert answer.headers["x-csrf-token"] == visitor.csrf_token()
    assert answer.headers["hx-push-url"] == "false"


def test_scripts_of_ended_sessions_get_words(shown: Server) -> None:
    headers = {"content_type": FORM, "HX_Request": "true"}
    path = f"{DASHBOARD_PATH}/testing/clock"
    answer = Visitor(shown.url).ask("POST", path, b"clock=real", **headers)
    assert answer.status == 401
    assert b"Your session has ended" in answer.data
    assert b"<html" not in answer.data


def test_large_form_of_stranger_is_dropped(shown: Server) -> None:
    body = b"name=" + b"x" * 300_000
    answer = Visitor(shown.url).ask("POST", f"{DASHBOARD_PATH}/accounts", body, content_type=FORM)
    assert answer.status == 401
    assert b'name="fields"' not in answer.data
