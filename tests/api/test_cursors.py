from __future__ import annotations

import base64
import re
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backroom.api.cursors import Cursor, Cursors
from backroom.errors import InvalidCursor
from support.strategies import cursors, thorough

SUBJECT = "shop catalog-item-bulk-create-jobs "
LIST = "http://shop.test/api/catalog-item-bulk-create-jobs"
CURSORS = Cursors(b"a secret")
A_CURSOR = Cursor(2**100 + 1, onward=True)


@given(cursors, st.text())
@thorough(300)
def test_cursors_come_back_whole(cursor: Cursor, subject: str) -> None:
    assert CURSORS.read(CURSORS.write(cursor, subject), subject) == cursor


@given(cursors, st.text())
@thorough(100)
def test_cursors_survive_every_client(cursor: Cursor, subject: str) -> None:
    text = CURSORS.write(cursor, subject)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,44}", text)
    assert quote(text) == text


@given(cursors)
@thorough(100)
def test_cursors_come_in_many_forms(cursor: Cursor) -> None:
    text = CURSORS.write(cursor, SUBJECT)
    links = (
        f"{LIST}?page%5Bcursor%5D={text}",
        f"{LIST}?page[cursor]={text}",
        f"{LIST}?filter=equals(status,'complete')&page%5Bcursor%5D={text}",
        f"/api/catalog-item-bulk-create-jobs?page%5Bcursor%5D=%3D{text}",
        LIST + "?" + urlencode({"page[cursor]": text}),
    )
    for form in (f"={text}", f"=={text}", *links):
        assert CURSORS.read(form, SUBJECT) == cursor


@given(cursors, st.data())
@thorough(300)
def test_altered_cursors_are_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = CURSORS.write(cursor, SUBJECT)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters())
    altered = text[:place] + letter + text[place + 1 :]
    assume(altered.lstrip("=") != text)
    with pytest.raises(InvalidCursor):
        CURSORS.read(altered, SUBJECT)


@given(cursors, st.data())
@thorough(100)
def test_cut_cursors_are_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = CURSORS.write(cursor, SUBJECT)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    for wrong in (cut, text + text[:1], text + "="):
        with pytest.raises(InvalidCursor):
            CURSORS.read(wrong, SUBJECT)


@given(cursors, st.text(), st.text())
@thorough(100)
def test_cursors_of_other_lists_are_refused(cursor: Cursor, one: str, other: str) -> None:
    assume(one != other)
    with pytest.raises(InvalidCursor):
        CURSORS.read(CURSORS.write(cursor, one), other)


@given(st.text() | st.from_regex(r"(https?:)?//\[?page[\w%\[\]?=&]*", fullmatch=True))
@thorough(300)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.read(text, SUBJECT)


@pytest.mark.parametrize(
    "text",
    ["", "=", "?page", LIST, f"{LIST}?page[size]=3", "//[page?", "http://[::1?page[cursor]=x"],
)
def test_texts_without_cursor_are_refused(text: str) -> None:
    with pytest.raises(InvalidCursor, match=r"Invalid cursor provided\."):
        CURSORS.read(text, SUBJECT)


def test_same_bits_are_written_once() -> None:
    text = CURSORS.write(A_CURSOR, SUBJECT)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [text[:-1] + letter for letter in letters if letter != text[-1]]
    for twin in twins:
        with pytest.raises(InvalidCursor):
            CURSORS.read(twin, SUBJECT)


def test_directions_are_told_apart() -> None:
    back = A_CURSOR._replace(onward=False)
    assert CURSORS.write(A_CURSOR, SUBJECT) != CURSORS.write(back, SUBJECT)
    assert CURSORS.read(CURSORS.write(back, SUBJECT), SUBJECT) == back


@given(cursors)
@thorough(100)
def test_cursors_of_other_secrets_are_refused(cursor: Cursor) -> None:
    for secret in (b"", b"another secret", b"backroom page cursor 1"):
        with pytest.raises(InvalidCursor):
            CURSORS.read(Cursors(secret).write(cursor, SUBJECT), SUBJECT)


@given(st.binary(min_size=26, max_size=26))
@thorough(100)
def test_made_up_cursors_are_refused(raw: bytes) -> None:
    text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        CURSORS.read(text, SUBJECT)


def test_secret_is_not_shown() -> None:
    assert "a secret" not in repr(CURSORS)
