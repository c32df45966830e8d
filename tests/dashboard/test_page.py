from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.dashboard.page import FOLDER, SECTIONS
from support.visitor import DASHBOARD_PATH, HOME, Visitor

if TYPE_CHECKING:
    from pathlib import Path


def test_section_is_marked_as_current(visitor: Visitor) -> None:
    assert 'href="/_backroom/" data-key="o" aria-current="page"' in visitor.read(HOME)


def test_keys_of_sections_differ() -> None:
    assert len({each.key for each in SECTIONS}) == len(SECTIONS)


def test_scripts_are_led_by_a_header(visitor: Visitor) -> None:
    headers = {
        "X_CSRF_Token": visitor.csrf_token(),
        "content_type": "application/x-www-form-urlencoded",
        "HX_Request": "true",
    }
    answer = visitor.ask("POST", f"{DASHBOARD_PATH}/testing/clock", b"clock=real", **headers)
    assert answer.status == 204
    assert answer.headers["hx-location"] == f"{DASHBOARD_PATH}/testing?done=clock"


@pytest.mark.parametrize(
    "template", sorted((FOLDER / "templates").glob("*.html")), ids=lambda path: path.name
)
def test_templates_hold_no_inline_code(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    for forbidden in (
        " style=",
        "<style",
        "onclick=",
        "onload=",
        "javascript:",
        "|safe",
        "http://",
    ):
        assert forbidden not in text.replace('"http://www.w3.org', "")
    assert "<script>" not in text
