from __future__ import annotations

import io

from backroom.feeds.export_xml import GoogleRss


def test_forbidden_characters_are_left_out() -> None:
    rss = GoogleRss(io.BytesIO())
    assert rss.carried([("id", "a\x00b"), ("no name", "x")]) == [("id", "ab")]


def test_carriage_returns_are_kept() -> None:
    file = io.BytesIO()
    GoogleRss(file).write([("id", "a\rb"), ("title", "<&>")])
    assert file.getvalue() == b"<item><g:id>a&#13;b</g:id><title>&lt;&amp;&gt;</title></item>\n"
