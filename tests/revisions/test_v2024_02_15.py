from __future__ import annotations

from typing import Any

import msgspec

from backroom.catalog.operations import Shape
from backroom.revisions.v2024_02_15 import AllowNullAttributes
from support.factories import an_operation


def taken_down(document: dict[str, Any]) -> Any:
    AllowNullAttributes().down(an_operation(shape=Shape.JOB_GET), document)
    return msgspec.json.decode(msgspec.json.encode(document))


def test_nulls_of_jobs_are_left_out() -> None:
    document = {"data": {"attributes": {"status": "processing", "completed_at": None}}}
    assert taken_down(document) == {"data": {"attributes": {"status": "processing"}}}


def test_nulls_of_included_are_left_out() -> None:
    raw = msgspec.Raw(b'{"title":"null","price":null,"images":[]}')
    document = {"data": [], "included": [{"attributes": raw}]}
    assert taken_down(document)["included"] == [{"attributes": {"title": "null", "images": []}}]


def test_nulls_within_values_stay() -> None:
    raw = msgspec.Raw(b'{"custom_metadata":{"a":null}}')
    shown = taken_down({"data": [], "included": [{"attributes": raw}]})
    assert shown["included"][0]["attributes"] == {"custom_metadata": {"a": None}}


def test_attributes_without_null_stay_encoded() -> None:
    raw = msgspec.Raw(b'{"title":"x"}')
    document: dict[str, Any] = {"data": [], "included": [{"attributes": raw}]}
    AllowNullAttributes().down(an_operation(shape=Shape.JOB_GET), document)
    assert document["included"][0]["attributes"] is raw
