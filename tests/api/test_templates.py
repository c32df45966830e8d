"""Templates hold no matter what is put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backroom.api import templates
from backroom.api.templates import Template, blank, stay
from backroom.catalog import ids
from backroom.catalog.kinds import ITEM, KINDS, VARIANT
from support.strategies import thorough

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind

ODD_IDS = (
    '","',
    '["',
    '"]',
    "\\",
    'a\\"',
    "a,b",
    "\x1f",
    "\n",
    "ä/ö",
    "%s",
    "~~base~~",
    "$custom:::",
)
names = st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text) | st.sampled_from(
    ODD_IDS
)


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def decoded(text: bytes) -> Any:
    return msgspec.json.decode(text)


def test_rows_stand_between_commas() -> None:
    template = Template.of({"a": blank("x"), "b": [blank("y"), blank("x")]}, "")
    columns = {"x": [b"1", b"2"], "y": [b"%s", b"~~x~~"]}
    assert template.joined(columns, 2) == b'{"a":"1","b":["%s","1"]},{"a":"2","b":["~~x~~","2"]}'


def test_row_without_slots_repeats() -> None:
    assert Template.of({}, "").joined({}, 3) == b"{},{},{}"


def test_parts_are_not_copied() -> None:
    page = b"x" * 100
    parts = Template.of([msgspec.Raw(blank("data").encode())], "").parts({"data": page})
    assert parts == [b"[", page, b"]"]
    assert parts[1] is page


@pytest.mark.parametrize("base", ["http://a", 'http://a"b\\c', "http://50%s~~x~~"])
def test_base_may_look_like_a_blank(base: str) -> None:
    template = Template.of([blank(templates.BASE) + "/", blank("x")], templates.inner(base))
    assert decoded(template.joined({"x": [b"1"]}, 1)) == [f"{base}/", "1"]


@given(st.lists(names, min_size=1, max_size=5))
@thorough(200)
def test_external_ids_are_escaped(given_names: list[str]) -> None:
    texts, urls = templates.escaped_ids([name.encode() for name in given_names])
    assert [decoded(b'"%b"' % text) for text in texts] == given_names
    assert [b'"%b"' % text for text in texts] == [encoded(name) for name in given_names]
    assert list(urls) == [quote(name, safe="$:").encode() for name in given_names]


@given(st.lists(st.lists(names, max_size=4), min_size=1, max_size=4))
@example([list(ODD_IDS), [], ["plain"]])
@thorough(200)
def test_identifiers_are_as_encoded(held: list[list[str]]) -> None:
    column = ["\0".join(each).encode() if each else None for each in held]
    expected = [
        encoded([{"type": VARIANT.type, "id": ids.resource_id(name)} for name in each])
        for each in held
    ]
    cells = templates.identifiers(VARIANT, column)
    assert templates.separated(VARIANT, b"\n".join(cells)).split(b"\n") == expected


numbers = st.none() | st.integers(-5, 10**6) | st.floats(allow_nan=False, allow_infinity=False)
tricky = st.sampled_from(
    [',"price":null', '"price":null,', '{"price":null}', '"custom_metadata":{', "null", "\\"]
)
metadata = st.dictionaries(
    st.sampled_from(["price", "inventory_quantity", "custom_metadata", "a"]),
    st.none() | tricky | st.just({"price": None}),
    max_size=3,
)


@st.composite
def attributes_of(draw: st.DrawFn, kind: Kind) -> dict[str, Any]:
    """Attributes as they are stored, with much that looks like a member that is null."""
    texts = tricky | st.text(max_size=5)
    made: dict[str, Any] = {}
    for attribute in kind.attributes:
        value = draw(metadata if attribute.form == "object" else texts)
        made[attribute.name] = draw(numbers) if attribute.may_be_null else value
    return {name: made.get(name, "2026") for name in kind.stored_attributes}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@given(data=st.data())
@thorough(200)
def test_attributes_are_as_a_dict_has_them(kind: Kind, data: st.DataObject) -> None:
    rows = data.draw(st.lists(attributes_of(kind), min_size=1, max_size=3))
    stored = kind.stored_attributes
    some = st.lists(st.sampled_from(stored), unique=True).map(tuple)
    shown = data.draw(st.just(stored) | some)
    nulls = data.draw(st.booleans())
    flags = [int(None in row.values() or data.draw(st.booleans())) for row in rows]
    column = [encoded(row) for row in rows]
    expected = [
        encoded({name: row[name] for name in shown if nulls or row[name] is not None})
        for row in rows
    ]
    assert list(templates.attributes(kind, shown, nulls=nulls)(column, flags, stay)) == expected


def test_unflagged_rows_are_not_looked_at() -> None:
    text = encoded({"price": None})
    removed = templates.attributes(ITEM, ITEM.stored_attributes, nulls=False)
    assert list(removed([text, text], [0, 1], stay)) == [text, b"{}"]


def test_long_columns_leave_first() -> None:
    class Left(Exception):
        pass

    def leave() -> None:
        raise Left

    selected = templates.attributes(ITEM, ("title",), nulls=True)
    short, long = (encoded({"title": "a", "description": "b" * size}) for size in (9, 30_000))
    assert list(selected([short] * 9, [0] * 9, leave)) == [encoded({"title": "a"})] * 9
    with pytest.raises(Left):
        selected([long] * 9, [0] * 9, leave)
    assert list(selected([long] * 9, [0] * 9, stay)) == [encoded({"title": "a"})] * 9
