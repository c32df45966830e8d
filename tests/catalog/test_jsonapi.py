"""JSON:API objects and the faults that refuse them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog import jsonapi
from backroom.catalog.kinds import CATEGORY
from backroom.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

SHIRTS = {"type": "catalog-category", "id": "shirts"}


def refusal(check: Callable[..., Any], *arguments: Any) -> tuple[str | None, str]:
    with pytest.raises(Invalid) as caught:
        check(*arguments, "/at")
    return caught.value.pointer, caught.value.detail


def test_identifiers_give_their_id() -> None:
    assert jsonapi.identifier(CATEGORY, dict(SHIRTS), "/at") == "shirts"


@pytest.mark.parametrize(
    ("value", "place", "start"),
    [
        (None, "", "Expected a dictionary"),
        ({"id": "shirts"}, "/type", "'type' is a required field for the resource 'request-data'."),
        (SHIRTS | {"type": "catalog-item"}, "/type", "'catalog-item' is not a valid type here."),
        ({"type": SHIRTS["type"]}, "/id", "'id' is a required field for the resource"),
        (SHIRTS | {"id": ""}, "/id", "Not a valid string."),
        (SHIRTS | {"id": "a\0"}, "/id", "Not a valid string."),
        (SHIRTS | {"id": "a" * 277}, "/id", "Ensure this field has no more than 276 characters."),
        (SHIRTS | {"a/b": 1}, "/a~1b", "'a/b' is not a valid field for the resource"),
    ],
)
def test_faults_of_identifiers_are_placed(value: Any, place: str, start: str) -> None:
    pointer, detail = refusal(jsonapi.identifier, CATEGORY, value)
    assert pointer == f"/at{place}"
    assert detail.startswith(start)


def test_first_unknown_member_is_named() -> None:
    members = {"data": 1, "links": 2, "meta": 3}
    pointer, detail = refusal(jsonapi.check_members, members, ("data",), "catalog-item")
    assert pointer == "/at/links"
    assert detail == "'links' is not a valid field for the resource 'catalog-item'."


def test_unknown_relationships_name_the_collection() -> None:
    fault = jsonapi.unknown_relationship("colours", CATEGORY, "/at")
    assert fault.detail == (
        "'colours' is not an allowed relation on the catalog-categories resource"
    )


def test_members_are_given_or_missed() -> None:
    assert jsonapi.required_member({"data": None}, "data", "request-data", "") is None
    assert refusal(jsonapi.required_member, {}, "data", "request-data")[0] == "/at/data"
