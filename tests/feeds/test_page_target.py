from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as some

from backroom.feeds.page_target import page_target


def test_filters_stay_readable() -> None:
    target = page_target("catalog-items", {"filter": 'any(ids,["$custom:::$default:::1"])'})
    assert target == "/api/catalog-items?filter=any(ids,%5B%22$custom:::$default:::1%22%5D)"


def test_cursor_is_added() -> None:
    assert page_target("catalog-items", {}) == "/api/catalog-items"
    assert page_target("catalog-items", {}, "abc") == "/api/catalog-items?page%5Bcursor%5D=abc"


@given(some.dictionaries(some.text(min_size=1), some.text(min_size=1), max_size=3))
def test_query_is_read_as_given(query: dict[str, str]) -> None:
    assert dict(parse_qsl(urlsplit(page_target("x", query)).query)) == query
