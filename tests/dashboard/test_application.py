from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from backroom.dashboard import overview
from backroom.store.database import StoreUnavailable
from conftest import running
from support.visitor import DASHBOARD_PATH, HOME, TOKEN, Visitor

if TYPE_CHECKING:
    from backroom.server import Server

FORM = "application/x-www-form-urlencoded"
STATIC = (
    "dashboard.css",
    "dashboard.js",
    "theme.js",
    "htmx.min.js",
    "htmx-sse.min.js",
    "idiomorph-ext.min.js",
    "icon.svg",
    "LICENSES.txt",
)


@pytest.mark.parametrize("name", STATIC)
def test_static_files_need_no_session(shown: Server, name: str) -> None:
    assert Visitor(shown.url).ask("GET", f"{DASHBOARD_PATH}/static/{name}").status == 200


def test_policy_allows_nothing_foreign(visitor: Visitor) -> None:
    policy = visitor.ask("GET", HOME).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_forms_need_their_token(visitor: Visitor) -> None:
    answer = visitor.ask(
        "POST", f"{DASHBOARD_PATH}/testing/reset", b"csrf_token=x", content_type=FORM
    )
    assert answer.status == 403
    assert b"too old" in answer.data


def test_scripts_may_send_the_token(visitor: Visitor) -> None:
    headers = {"X_CSRF_Token": visitor.csrf_token(), "content_type": FORM}
    answer = visitor.ask("POST", f"{DASHBOARD_PATH}/testing/clock", b"clock=real", **headers)
    assert answer.status == 303


def test_other_origins_are_refused(visitor: Visitor) -> None:
    fields = urlencode({"csrf_token": visitor.csrf_token()}).encode()
    answer = visitor.ask(
        "POST",
        f"{DASHBOARD_PATH}/sign-out",
        fields,
        content_type=FORM,
        Origin="http://evil.example",
    )
    assert answer.status == 403


def test_other_names_are_refused(shown: Server) -> None:
    assert Visitor(shown.url).ask("GET", HOME, Host="evil.example").status == 403


def test_large_forms_are_refused(visitor: Visitor) -> None:
    body = b"a=" + b"x" * (16 * 1024 * 1024)
    answer = visitor.ask("POST", f"{DASHBOARD_PATH}/testing/reset", body, content_type=FORM)
    assert answer.status == 413


def test_unknown_pages_say_so(visitor: Visitor) -> None:
    answer = visitor.ask("GET", f"{DASHBOARD_PATH}/nowhere")
    assert answer.status == 404
    assert b"Page not found" in answer.data


def test_refusals_are_messages_for_scripts(visitor: Visitor) -> None:
    headers = {"X_CSRF_Token": visitor.csrf_token(), "content_type": FORM, "HX_Request": "true"}
    answer = visitor.ask("POST", f"{DASHBOARD_PATH}/testing/clock", b"clock=yesterday", **headers)
    assert answer.status == 400
    assert answer.data.startswith(b'<div class="note bad">')


def test_links_begin_with_the_public_path() -> None:
    public = "https://shop.example/klaviyo"
    with running(None, public_url=public, control_token=TOKEN) as server:
        visitor = Visitor(server.url)
        cookie = visitor.sign_in(TOKEN).headers["set-cookie"]
        assert "Path=/klaviyo/_backroom" in cookie
        assert "Secure" in cookie
        assert 'href="/klaviyo/_backroom/dashboard/jobs"' in visitor.read(HOME)


def unreachable(*_: Any) -> Any:
    raise StoreUnavailable("nobody answers")


def test_absent_database_is_tried_again(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "overview_values", unreachable)
    answer = visitor.ask("GET", HOME)
    assert answer.status == 503
    assert b"The server says: nobody answers." in answer.data
    assert answer.headers["refresh"] == "5"
    assert "refresh" not in visitor.ask("GET", HOME, HX_Request="true").headers
