from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given

from backroom.catalog.kinds import ITEM, LONGEST_EXTERNAL_ID, Attribute, Form
from backroom.catalog.values import (
    DEEPEST_METADATA,
    LARGEST_METADATA,
    checked,
    quoted,
    stored,
)
from backroom.errors import Invalid
from support.strategies import plain_json, plain_scalars, thorough

FORMS = get_args(Form)
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
    assert check("object", largest) == largest
    detail, _ = refusal("object", {"a": "x" * (LARGEST_METADATA - around + 1)})
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
