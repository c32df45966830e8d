from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.dashboard.mount import is_of_dashboard
from support.visitor import Visitor

if TYPE_CHECKING:
    from backroom.server import Server

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "is_page"),
    [
        ("/_backroom", True),
        ("/_backroom/", True),
        ("/_backroom/dashboard", True),
        ("/_backroom/dashboard/jobs", True),
        ("/_backroom/jobs", False),
        ("/_backroom/dashboards", False),
    ],
)
def test_pages_have_their_own_paths(path: str, *, is_page: bool) -> None:
    assert is_of_dashboard(path) is is_page


def test_front_leads_browsers_to_pages(shown: Server) -> None:
    answer = Visitor(shown.url).ask("GET", "/", Accept=BROWSER)
    assert answer.status == 303
    assert answer.headers["location"] == "./_backroom/"


def test_front_has_nothing_for_programs(shown: Server) -> None:
    answer = Visitor(shown.url).ask("GET", "/", Accept="application/json")
    assert answer.status == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


def test_control_api_keeps_its_paths(shown: Server) -> None:
    assert Visitor(shown.url).ask("GET", "/_backroom/info").status == 401
