from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.api.request import unquoted
from support.factories import a_request
from support.strategies import thorough

PATH = "/api/catalog-item-bulk-create-jobs"


def test_url_is_as_called() -> None:
    assert a_request(path=PATH).url == f"http://shop.test{PATH}"
    assert a_request(path=f"{PATH}/").url == f"http://shop.test{PATH}/"
    query = "filter=equals(status,%22complete%22)&page%5Bcursor%5D=x"
    assert a_request(path=PATH, query=query).url == f"http://shop.test{PATH}?{query}"


def test_brackets_and_quotes_are_escaped() -> None:
    url = a_request(path=PATH, query='page[cursor]=x&filter=equals(status,"a b")').url
    assert url.endswith("?page%5Bcursor%5D=x&filter=equals(status,%22a%20b%22)")


def test_public_url_goes_first() -> None:
    request = a_request(path=PATH, public_url="https://a.shop.example/klaviyo")
    assert request.url == f"https://a.shop.example/klaviyo{PATH}"


def test_host_makes_the_base() -> None:
    assert a_request(headers={"Host": "localhost:7227"}).base == "http://localhost:7227"


def test_raw_bytes_are_escaped_as_sent() -> None:
    assert a_request(path=f"{PATH}/\xc3\xa4").url == f"http://shop.test{PATH}/%C3%A4"


@given(st.text(st.characters(max_codepoint=255)))
@thorough(100)
def test_urls_hold_only_safe_characters(text: str) -> None:
    url = a_request(path="/api/" + text, query=text).url
    assert url.isascii()
    assert not set('"<>[]{}|\\^` \n\r\t') & set(url)


@given(st.text())
@thorough(100)
def test_quoted_texts_are_read_back(text: str) -> None:
    assert unquoted(quote(text)) == text
    assert unquoted(text.replace("%", "%25").encode().decode("latin-1")) == text


@given(st.lists(st.sampled_from(["%", "%2", "%41", "%C3%A9", "=", "=41", "4", "g", "\n", " "])))
@thorough(200)
def test_broken_escapes_stay_as_they_are(parts: list[str]) -> None:
    text = "".join(parts)
    assert unquoted(text) == unquote_to_bytes(text).decode()


@pytest.mark.parametrize("text", ["%FF", "a%C3b", "%C3%", "\xc3", "%ED%A0%80", "\N{SNOWMAN}"])
def test_other_bytes_are_no_text(text: str) -> None:
    with pytest.raises(UnicodeError):
        unquoted(text)


def test_headers_are_found_in_any_case() -> None:
    request = a_request(headers={"Revision": "2024-10-15"})
    assert request.header(b"revision") == "2024-10-15"


def test_each_request_has_its_id() -> None:
    ids = {a_request().request_id for _ in range(50)}
    assert len(ids) == 50
