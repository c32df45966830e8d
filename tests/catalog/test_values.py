from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.catalog.ids import LONGEST_EXTERNAL_ID
from backroom.catalog.kinds import ITEM, KINDS, LARGEST_METADATA, Attribute, Form
from backroom.catalog.values import (
    DEEPEST_METADATA,
    GREATEST_NUMBER,
    checked,
    quoted,
    stored,
    whole_number,
)
from backroom.errors import Invalid
from support.strategies import plain_json, plain_scalars, thorough

FORMS = get_args(Form)
KNOWN = {each.name: each for kind in KINDS.values() for each in kind.attributes}
BORDERS = [sign * 2**bits + step for sign in (1, -1) for bits in (63, 64) for step in (-1, 0, 1)]
WRONG: dict[str, tuple[Any, str]] = {
    "text": (7, "Not a valid string."),
    "number": ("7", "A valid number is required."),
    "quantity": (True, "A valid number is required."),
    "boolean": (1, "Must be a valid boolean."),
    "texts": ("a", 'Expected a list of items but got type "str".'),
    "object": ([], 'Expected a dictionary of items but got type "list".'),
    "choice": (3, '"3" is not a valid choice.'),
    "constant": (None, '"null" is not a valid choice.'),
}


def an_attribute(form: Form, name: str = "any") -> Attribute:
    known = {each.name: each for each in ITEM.attributes}
    return known.get(name) or Attribute(name, form, choices=(0, 1, 2))


def check(form: Form, value: Any, name: str = "any") -> Any:
    return checked(an_attribute(form, name), value, "/place")


def refusal(form: Form, value: Any, name: str = "any") -> tuple[str, str | None]:
    with pytest.raises(Invalid) as caught:
        check(form, value, name)
    return caught.value.detail, caught.value.pointer


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_its_text(form: Form) -> None:
    value, detail = WRONG[form]
    assert refusal(form, value) == (detail, "/place")


@pytest.mark.parametrize("value", ["", " ", "Ünïcode 🐈", "a" * 10_000])
def test_texts_are_kept_as_given(value: str) -> None:
    assert check("text", value) == value


def test_null_characters_are_refused() -> None:
    assert refusal("text", "a\0b") == ("Null characters are not allowed.", "/place")


def test_blank_external_id_is_refused() -> None:
    assert refusal("text", "", "external_id") == ("This field may not be blank.", "/place")


def test_longest_external_id_passes() -> None:
    longest = "ä" * LONGEST_EXTERNAL_ID
    assert check("text", longest, "external_id") == longest
    detail, _ = refusal("text", longest + "ä", "external_id")
    assert detail == "Ensure this field has no more than 255 characters."


LONGEST_TEXTS = {
    "title": 4_096,
    "name": 4_096,
    "description": 524_288,
    "sku": 1_024,
    "url": 8_192,
    "image_full_url": 8_192,
    "image_thumbnail_url": 8_192,
}


def test_every_text_has_a_longest() -> None:
    texts = [each for kind in KINDS.values() for each in kind.attributes if each.form == "text"]
    limited = {each.name: each.most_bytes for each in texts if each.name != "external_id"}
    assert limited == LONGEST_TEXTS


@pytest.mark.parametrize("name", LONGEST_TEXTS)
@pytest.mark.parametrize("character", ["a", "é", "漢", "🐈"])
def test_longest_texts_pass(name: str, character: str) -> None:
    most = LONGEST_TEXTS[name]
    longest = character * (most // len(character.encode()))
    assert checked(KNOWN[name], longest, "/place") == longest
    with pytest.raises(Invalid, match=f"no more than {most:,} bytes"):
        checked(KNOWN[name], longest + character, "/place")


def test_images_have_a_largest() -> None:
    fitting = ["a" * 8_192] * 12
    assert check("texts", fitting, "images") == fitting
    largest = ("Ensure this field has no more than 100,000 bytes.", "/place")
    assert refusal("texts", [*fitting, "a" * 2_000], "images") == largest
    longest = ("Ensure this field has no more than 8,192 bytes.", "/place/1")
    assert refusal("texts", ["", "a" * 8_193], "images") == longest


@given(st.integers() | st.integers(-(10**401), 10**401) | st.sampled_from(BORDERS))
@thorough(200)
def test_only_holdable_numbers_pass(value: int) -> None:
    within = -(2**63) <= value < 2**63
    assert passes("quantity", value) == within
    assert passes("object", {"a": [{"b/c": value}]}) == within
    assert passes("number", value) == (abs(value) <= GREATEST_NUMBER)


def passes(form: Form, value: Any) -> bool:
    try:
        return bool(check(form, value) == value)
    except Invalid:
        return False


@pytest.mark.parametrize(
    ("form", "value", "detail", "place"),
    [
        ("quantity", 2**63, "less than or equal to 9223372036854775807.", ""),
        ("quantity", -1e300, "greater than or equal to -9223372036854775808.", ""),
        ("number", 10**400, "less than or equal to 1.7976931348623157e+308.", ""),
        ("object", {"a/b": [0, 2**64]}, "no more than 64 bits.", "/a~1b/1"),
    ],
)
def test_too_great_numbers_are_placed(form: Form, value: Any, detail: str, place: str) -> None:
    text, pointer = refusal(form, value)
    assert text.startswith("Ensure this ")
    assert text.endswith(detail)
    assert pointer == f"/place{place}"


@pytest.mark.parametrize("value", [0, -1, 12.5, 10.0, 10**30])
def test_numbers_are_kept_as_given(value: float) -> None:
    kept = check("number", value)
    assert (kept, type(kept)) == (value, type(value))


@pytest.mark.parametrize("value", [True, None, "1", [1], {}])
def test_other_types_are_no_numbers(value: Any) -> None:
    assert refusal("number", value)[0] == "A valid number is required."


def test_whole_quantities_become_integers() -> None:
    assert msgspec.json.encode(check("quantity", 10.0)) == b"10"
    assert msgspec.json.encode(check("quantity", 1.5)) == b"1.5"


def test_inexact_quantities_stay_floats() -> None:
    assert isinstance(check("quantity", 2.0**53), float)
    assert check("quantity", 2.0**53 - 1) == 2**53 - 1


@pytest.mark.parametrize("value", [0, "true", None, []])
def test_only_booleans_are_booleans(value: Any) -> None:
    assert refusal("boolean", value) == ("Must be a valid boolean.", "/place")


def test_lists_name_the_wrong_one() -> None:
    assert check("texts", ["a", ""]) == ["a", ""]
    assert refusal("texts", ["a", 7]) == ("Not a valid string.", "/place/1")


def test_choices_take_one_number_alike() -> None:
    assert msgspec.json.encode(check("choice", 1.0)) == b"1"
    assert refusal("choice", value=True)[0] == '"true" is not a valid choice.'


@given(plain_json.filter(lambda value: value not in (0, 1, 2)))
@thorough(100)
def test_foreign_choices_are_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="is not a valid choice"):
        check("choice", msgspec.json.decode(msgspec.json.encode(value)))


def test_constants_take_one_value() -> None:
    assert check("constant", 2) == 2
    assert refusal("constant", "2")[0] == '"2" is not a valid choice.'


def test_metadata_is_taken_as_sent() -> None:
    assert list(check("object", {"colour": 1, "a": 2})) == ["colour", "a"]


def test_metadata_keys_go_shortest_first() -> None:
    given_order = {"colour": 1, "b": {"zz": 1, "z": [{"yy": 1, "x": 2}]}, "a": 2}
    kept = stored(check("object", given_order))
    written = '{"a":2,"b":{"z":[{"x":2,"yy":1}],"zz":1},"colour":1}'
    assert msgspec.json.encode(kept).decode() == written


def test_metadata_keys_count_in_bytes() -> None:
    assert list(stored({"ä": 1, "zz": 2, "z": 3})) == ["z", "zz", "ä"]


def test_largest_metadata_passes() -> None:
    around = len('{"a":""}')
    largest = {"a": "x" * (LARGEST_METADATA - around)}
    assert check("object", largest, "custom_metadata") == largest
    too_large = {"a": "x" * (LARGEST_METADATA - around + 1)}
    detail, _ = refusal("object", too_large, "custom_metadata")
    assert detail == "Ensure this field has no more than 100,000 bytes."


@pytest.mark.parametrize("lists", [0, 5, DEEPEST_METADATA - 1])
def test_deepest_metadata_passes(lists: int) -> None:
    deepest = nested(DEEPEST_METADATA, lists)
    assert check("object", deepest) == deepest
    detail, _ = refusal("object", nested(DEEPEST_METADATA + 1, lists))
    assert detail == "This field may be nested 32 deep at most."


def nested(depth: int, lists: int) -> Any:
    """So many levels, of which the innermost are lists."""
    value: Any = 1
    for level in range(depth):
        value = [value] if level < lists else {"a": value}
    return value


@given(plain_json)
@thorough(100)
def test_every_form_keeps_or_refuses(value: Any) -> None:
    given_value = msgspec.json.decode(msgspec.json.encode(value))
    for form in FORMS:
        with suppress(Invalid):
            assert msgspec.json.encode(check(form, given_value))


@given(plain_scalars)
@thorough(50)
def test_quoted_values_are_cut(value: Any) -> None:
    assert len(quoted(value)) <= 80


def test_long_values_end_in_dots() -> None:
    assert quoted("x" * 81) == "x" * 79 + "…"
    assert quoted("x" * 80) == "x" * 80
    assert quoted({"a": [1]}) == '{"a":[1]}'


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0", " 1", "1_0", "²", "٣", "x", str(2**63), "9" * 5000]
)
def test_other_texts_are_no_number(text: str) -> None:
    assert whole_number(text) is None


def test_whole_numbers_are_read() -> None:
    assert [whole_number("0"), whole_number(str(2**63 - 1))] == [0, 2**63 - 1]
    assert [whole_number("007", 100), whole_number("100", 100), whole_number("101", 100)] == [
        7,
        100,
        None,
    ]
