from __future__ import annotations

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Verb
from backroom.catalog.rules import rules_of
from backroom.dashboard.resource_form import ResourceForm, field_of
from backroom.revisions import NEWEST


def test_fields_are_those_of_the_rules() -> None:
    for kind in KINDS.values():
        for verb in (Verb.CREATE, Verb.UPDATE):
            names = [each.name for each in ResourceForm(verb, kind, {}, {}).fields()]
            rules = rules_of(verb, kind, NEWEST).attributes
            constants = {"integration_type", "catalog_type"}
            assert names == [name for name in rules if name not in constants]


@pytest.mark.parametrize(
    ("text", "value"),
    [("12.5", 12.5), ("12", 12), ("", None), ("cheap", "cheap"), ("NaN", "NaN"), ("[1]", [1])],
)
def test_texts_that_are_numbers_become_numbers(text: str, value: object) -> None:
    form = ResourceForm(Verb.UPDATE, ITEM, {"price": 1}, {})
    assert form.filled({"price": text}).attributes == {"price": value}


def test_values_that_stay_are_not_sent() -> None:
    stored = {"title": "a\r\nb", "price": None, "custom_metadata": {"a": 1}, "published": False}
    form = ResourceForm(Verb.UPDATE, ITEM, stored, {"categories": ["c"]})
    sent = {each.name: each.text.replace("\n", "\r\n") for each in form.fields()}
    filled = form.filled({**sent, "title": "a\r\nb"})
    assert (filled.attributes, filled.related) == ({}, {})


def test_empty_list_and_object_are_empty_not_null() -> None:
    stored = {"images": ["x"], "custom_metadata": {"a": 1}}
    filled = ResourceForm(Verb.UPDATE, ITEM, stored, {}).filled(
        {"images": "", "custom_metadata": " "}
    )
    assert filled.attributes == {"images": [], "custom_metadata": {}}


def test_list_with_line_breaks_is_json() -> None:
    stored = {"images": ["a\nb"]}
    form = ResourceForm(Verb.UPDATE, ITEM, stored, {})
    (field,) = [each for each in form.fields() if each.name == "images"]
    assert field.text == '["a\\nb"]'
    assert form.filled({"images": '["c"]'}).attributes == {"images": ["c"]}


def test_relationship_that_is_not_shown_is_left_alone() -> None:
    form = ResourceForm(Verb.UPDATE, CATEGORY, {}, {})
    assert form.filled({"items": "a"}).related == {}


def test_choices_are_those_of_the_table() -> None:
    fields = {each.name: each for each in ResourceForm(Verb.CREATE, VARIANT, {}, {}).fields()}
    assert fields["inventory_policy"].choices == ("0", "1", "2")
    assert (fields["published"].choices, fields["published"].text) == (("true", "false"), "true")


def test_pointer_leads_to_a_field() -> None:
    assert field_of("/data/attributes/custom_metadata/a/0") == "custom_metadata"
    assert field_of("/data/relationships/item/data/id") == "item"
    assert [field_of(each) for each in ("/data/id", "/data/", None)] == ["", "", ""]
