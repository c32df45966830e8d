"""A reader of the dashboard without a browser: keeps its cookie, and fills in forms."""

from __future__ import annotations

import html
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3

from conftest import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server

TOKEN = "only-for-tests"
HOME = "/_backroom/"
DASHBOARD_PATH = "/_backroom/dashboard"
DEADLINE = 20.0
_CSRF = re.compile(r'name="csrf_token" value="([^"]*)"')


@contextmanager
def shown_server(database: str | None, limits: str = "10") -> Iterator[Server]:
    """Serve with a journal, with controls for tests, and with pages that `TOKEN` opens."""
    with running(
        database, limits=limits, control_token=TOKEN, journal="on", testing="on"
    ) as server:
        yield server


class Visitor:
    """Visits one server. `sign_in` with its token opens the pages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookie = ""
        self.pool = urllib3.PoolManager(retries=False, timeout=DEADLINE)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Ask as a browser would, and follow nothing."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            named["Cookie"] = self.cookie
        answer = self.pool.request(
            method, self.url + path, body=body, headers=named, redirect=False
        )
        set_cookie = answer.headers.get("set-cookie")
        if set_cookie:
            self.cookie = set_cookie.partition(";")[0]
        return answer

    @contextmanager
    def following(self, path: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """Follow a stream of events, whose answer has no end yet."""
        answer = self.pool.request(
            "GET", self.url + path, headers={"Cookie": self.cookie}, preload_content=False
        )
        try:
            yield answer
        finally:
            answer.close()

    def sign_in(self, token: str) -> urllib3.BaseHTTPResponse:
        """Follow the link that a server prints."""
        return self.ask("GET", f"{HOME}?{urlencode({'token': token})}")

    def read(self, path: str) -> str:
        """Give a page, which there has to be."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.data
        return answer.data.decode()

    def words(self, path: str) -> str:
        """Give the words of a page, without its elements."""
        main = self.read(path).partition('id="main"')[2].partition(">")[2]
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())

    def csrf_token(self, path: str = HOME) -> str:
        """Give what the forms of a page carry."""
        found = _CSRF.search(self.read(path))
        assert found is not None
        return found[1]

    def send(self, path: str, **fields: str) -> urllib3.BaseHTTPResponse:
        """Send a form, as a page of the session does."""
        body = urlencode({"csrf_token": self.csrf_token(), **fields}).encode()
        return self.ask("POST", path, body, content_type="application/x-www-form-urlencoded")
