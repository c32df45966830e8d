"""The page of the API can be read: in both colour schemes, by keyboard, and on a phone."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from backroom.api.openapi import publish
from backroom.revisions import NEWEST, OLDEST
from support.stylesheet import Pair, Style

CSS = (resources.files("backroom.api.openapi") / "page.css").read_text("utf-8")
ENOUGH = 4.5
"""The contrast that WCAG asks of text of the usual size, level AA."""


def html(revision: str) -> str:
    return publish.published_page("/_backroom", revision).body.decode()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("revision", [OLDEST, NEWEST])
def test_every_text_has_contrast(revision: str, scheme: str) -> None:
    pairs = Style(CSS, scheme).pairs(html(revision))
    assert len(pairs) > 10
    assert {each: each.contrast() for each in pairs if each.contrast() < ENOUGH} == {}


@pytest.mark.parametrize(
    ("text", "paper", "contrast"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#2b7d4d", "#1d2026", 3.22)],
)
def test_contrast_is_that_of_browsers(text: str, paper: str, contrast: float) -> None:
    assert Pair(text, paper).contrast() == pytest.approx(contrast, abs=0.01)


def test_first_link_skips_to_the_content() -> None:
    page = html(NEWEST)
    assert re.findall(r"<a [^>]*>", page)[0] == '<a class="skip" href="#main">'
    assert '<main id="main" tabindex="-1" ' in page


def test_keyboard_reaches_what_scrolls() -> None:
    page = html(NEWEST)
    assert page.count("<pre") == page.count('<pre tabindex="0">') > 50


def test_navigations_have_different_names() -> None:
    names = re.findall(r"<nav(?: class=\"\w+\")? aria-label=\"(\w+)\">", html(NEWEST))
    assert sorted(names) == ["Operations", "Revisions"]


def test_narrow_screens_show_whole_rows() -> None:
    """There the list of operations is hidden or shown as a whole, and does not scroll by itself."""
    narrow = CSS.partition("@media (max-width: 60rem)")[2]
    (index,) = re.findall(r"\.index \{([^}]*)\}", narrow.partition("@media")[0])
    assert "height: auto" in index
    assert "max-height" not in index
    assert ".index > input:not(:checked) ~ div { display: none; }" in narrow
    assert '<input type="checkbox" id="menu"> <label for="menu">' in html(NEWEST)
