from __future__ import annotations

from typing import TYPE_CHECKING

from support.visitor import DASHBOARD_PATH, HOME, TOKEN, Visitor

if TYPE_CHECKING:
    from backroom.server import Server

FORM = "application/x-www-form-urlencoded"


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
