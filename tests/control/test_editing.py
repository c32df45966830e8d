from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.control.editing import change_resource, make_resource, remove_resource
from backroom.control.in_process import ApiCall, CallRefused, call_api, path_of_resource
from support.factories import REQUIRED

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.control.route import Control

ACCOUNT = "shop"


def create(control: Control, kind: Kind, external_id: str, **related: list[str]) -> None:
    attributes = {**REQUIRED[kind.name], "external_id": external_id}
    make_resource(control, ACCOUNT, kind, attributes, related)


def read(control: Control, path: str) -> Any:
    return msgspec.json.decode(call_api(control, ACCOUNT, ApiCall("GET", path)))["data"]


def test_update_leaves_the_rest_alone(control: Control) -> None:
    create(control, ITEM, "a")
    change_resource(control, ACCOUNT, ITEM, "a", {"title": "Other"}, {})
    attributes = read(control, path_of_resource(ITEM, "a"))["attributes"]
    assert (attributes["title"], attributes["description"]) == ("Other", "A shirt")


def test_relationships_are_given_by_external_ids(control: Control) -> None:
    create(control, CATEGORY, "c")
    create(control, ITEM, "a", categories=["c"])
    create(control, VARIANT, "v", item=["a"])
    variants = read(control, f"{path_of_resource(ITEM, 'a')}/variants")
    assert [each["attributes"]["external_id"] for each in variants] == ["v"]
    change_resource(control, ACCOUNT, ITEM, "a", {}, {"categories": []})
    assert read(control, f"{path_of_resource(ITEM, 'a')}/categories") == []


def test_delete_of_missing_resource_is_refused(control: Control) -> None:
    with pytest.raises(CallRefused):
        remove_resource(control, ACCOUNT, ITEM, "a")
