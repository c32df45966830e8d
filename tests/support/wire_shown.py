"""What answers about items, variants and categories have to be, member by member."""

from __future__ import annotations

from copy import deepcopy
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from jsonschema import Draft202012Validator

from support.wire_answers import MEDIA_TYPE, RESOURCE_ATTRIBUTES, hold_error, moment
from support.wire_catalog import collection, type_of
from support.wire_contract import (
    CONTRACT,
    DATA_OPTIONAL,
    ID_LIST_LINKS,
    INCLUDED_RELATIONSHIPS,
    MORE_RELATIONSHIPS,
    NO_FIRST_AND_LAST,
    NULLS,
    OPERATIONS,
    PLURALS,
    READS_WITHOUT_DATA,
    SINGLE_LINKS,
    WRAPPED_BODIES,
    allow_null_pages,
    closed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.client import Answer
    from support.wire_catalog import Catalog, Listing


class How(Enum):
    """Where a resource is shown."""

    READ = "read"
    INCLUDING = "read with what belongs to it"
    WRITTEN = "written"
    INCLUDED = "included"


RELATED = {"item": "variant", "variant": "item", "category": "item"}


def relationship_name(revision: str, resource: str) -> str:
    """The one relationship that a resource shows."""
    if resource == "variant" and revision >= WRAPPED_BODIES:
        return "item"
    return PLURALS[RELATED[resource]]


def relationship_members(revision: str, resource: str, how: How) -> list[str] | None:
    """The table "Relationship objects at a glance"; where data is optional, only what includes."""
    if how is How.INCLUDED:
        return ["links"] if revision >= INCLUDED_RELATIONSHIPS else None
    reads_item = resource == "item" and how is not How.WRITTEN
    if revision < MORE_RELATIONSHIPS:
        return ["data"] if reads_item else None
    until = DATA_OPTIONAL if how is How.WRITTEN or reads_item else READS_WITHOUT_DATA
    return ["data", "links"] if revision < until or how is How.INCLUDING else ["links"]


@cache
def answer_validator(revision: str, method: str, path: str) -> Draft202012Validator:
    """The closed answer schema of one operation, with the differences that are known."""
    schema = OPERATIONS[revision][method, path].response_schema
    assert schema
    members = closed(deepcopy(CONTRACT["schemas"][schema]))["properties"]
    members.pop("meta", None)
    allow_null_pages(members, revision)
    document = {
        "type": "object",
        "properties": members,
        "required": [name for name in ("data", "links") if name in members],
        "additionalProperties": False,
    }
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


def hold_answer(catalog: Catalog, answer: Answer, status: int, method: str, template: str) -> None:
    """Status, headers and the closed schema hold."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["X-Klaviyo-Api-Revision"] == catalog.revision
    validator = answer_validator(catalog.revision, method, template)
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(answer.json)]
    assert faults == []


def hold_one(
    catalog: Catalog,
    resource: str,
    answer: Answer,
    query: Mapping[str, str] | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """The answer to a GET of one resource holds."""
    hold_answer(catalog, answer, 200, "GET", f"{collection(resource)}/{{id}}")
    how = How.INCLUDING if "include" in (query or {}) else How.READ
    data = answer.json["data"]
    hold_shown(catalog, data, resource, how, fields)
    hold_included(catalog, answer, how, fields)
    _hold_own_link(catalog, answer, data["links"]["self"].removesuffix("/") + asked(query), how)


def hold_created(
    catalog: Catalog,
    resource: str,
    answer: Answer,
    query: Any = None,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> None:
    hold_answer(catalog, answer, 201, "POST", collection(resource))
    hold_shown(catalog, answer.json["data"], resource, How.WRITTEN, fields)
    url = f"{catalog.client.url}{collection(resource)}{asked(query)}"
    _hold_own_link(catalog, answer, url, How.WRITTEN)


def hold_updated(
    catalog: Catalog,
    resource: str,
    answer: Answer,
    query: Any = None,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> None:
    hold_answer(catalog, answer, 200, "PATCH", f"{collection(resource)}/{{id}}")
    data = answer.json["data"]
    hold_shown(catalog, data, resource, How.WRITTEN, fields)
    url = data["links"]["self"].removesuffix("/") + asked(query)
    _hold_own_link(catalog, answer, url, How.WRITTEN)


def hold_nothing(answer: Answer, status: int = 204) -> None:
    """An empty answer holds: no body, no word on what it would have been."""
    assert (answer.status, answer.body) == (status, b"")
    assert "Content-Type" not in answer.headers


def _hold_own_link(catalog: Catalog, answer: Answer, url: str, how: How) -> None:
    links = ["links"] if catalog.revision >= SINGLE_LINKS else []
    including = ["included"] if how is How.INCLUDING else []
    assert list(answer.json) == ["data", *including, *links]
    if links:
        assert answer.json["links"] == {"self": url}


def hold_page(
    catalog: Catalog,
    listing: Listing,
    answer: Answer,
    owner: str = "",
    query: Mapping[str, str] | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """A page of a list holds, with the links that it has to have and no others."""
    hold_answer(catalog, answer, 200, "GET", listing.template)
    how = How.INCLUDING if "include" in (query or {}) else How.READ
    for data in answer.json["data"]:
        if listing.bare:
            assert list(data) == ["type", "id"]
        else:
            hold_shown(catalog, data, listing.resource, how, fields)
    hold_included(catalog, answer, how, fields)
    linked = not listing.bare or catalog.revision >= ID_LIST_LINKS
    including = ["included"] if how is How.INCLUDING else []
    assert list(answer.json) == ["data", *including, *(["links"] if linked else [])]
    if linked:
        links = answer.json["links"]
        assert links["self"] == catalog.client.url + listing.path(owner) + asked(query)
        hold_page_links(catalog.revision, links)


def hold_page_links(revision: str, links: Any) -> None:
    assert [name for name in links if name not in {"first", "last"}] == ["self", "next", "prev"]
    assert ("first" in links) == ("last" in links) == (revision < NO_FIRST_AND_LAST)


def hold_included(
    catalog: Catalog, answer: Answer, how: How, fields: Mapping[str, Sequence[str]] | None
) -> None:
    assert ("included" in answer.json) == (how is How.INCLUDING)
    for data in answer.json.get("included", ()):
        hold_shown(catalog, data, "variant", How.INCLUDED, fields)


def hold_shown(
    catalog: Catalog,
    data: Any,
    resource: str,
    how: How,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """A resource has all of its members, in their order, and they agree with each other."""
    members = relationship_members(catalog.revision, resource, how)
    related = ["relationships"] if members is not None else []
    assert list(data) == ["type", "id", "attributes", *related, "links"]
    assert data["type"] == type_of(resource)
    _hold_attributes(catalog.revision, data, resource, (fields or {}).get(data["type"]))
    own = f"{catalog.client.url}{collection(resource)}/{data['id']}/"
    assert unquote(data["links"]["self"]) == own
    assert data["links"]["self"].isascii()
    if members is not None:
        _hold_relationship(catalog.revision, data, resource, members)


def _hold_attributes(revision: str, data: Any, resource: str, fields: Sequence[str] | None) -> None:
    attributes = data["attributes"]
    names = [each for each in fields or RESOURCE_ATTRIBUTES[resource] if each != "id"]
    if revision < NULLS:
        assert None not in attributes.values()
        names = [each for each in names if each in attributes or each not in NULLABLE[resource]]
    assert list(attributes) == names
    for each in ("created", "updated"):
        if each in attributes:
            moment(attributes[each])
            assert attributes[each].endswith("000+00:00")
    assert data["id"].startswith("$custom:::$default:::")
    if "external_id" in attributes:
        assert data["id"] == f"$custom:::$default:::{attributes['external_id']}"


NULLABLE = {
    "item": {"price"},
    "variant": {"price", "inventory_quantity"},
    "category": set[str](),
}
"""What may be stored as null: there is no other value for nothing."""


def _hold_relationship(revision: str, data: Any, resource: str, members: list[str]) -> None:
    name = relationship_name(revision, resource)
    if parentless(revision, data, members):
        assert data["relationships"] == {}
        return
    assert list(data["relationships"]) == [name]
    relationship = data["relationships"][name]
    assert list(relationship) == members
    if "links" in members:
        address = unquote(data["links"]["self"])
        links = relationship["links"]
        assert list(links) == ["self", "related"]
        assert unquote(links["self"]) == f"{address}relationships/{name}/"
        assert unquote(links["related"]) == f"{address}{name}/"
    for each in linkage(data):
        assert list(each) == ["type", "id"]
        assert each["type"] == type_of(RELATED[resource])


def parentless(revision: str, data: Any, members: list[str]) -> bool:
    """Whether a variant has no item and its revision has no way to say so."""
    to_one = data["type"] == "catalog-variant" and revision >= WRAPPED_BODIES
    return to_one and "data" in members and not data["relationships"]


def linkage(data: Any) -> list[Any]:
    """The identifiers in a resource's one relationship, whichever form it has."""
    (relationship,) = data["relationships"].values()
    held = relationship.get("data", [])
    return held if isinstance(held, list) else [held]


def place_of(answer: Answer) -> str:
    """Where a refused body is at fault, as the caller wrote it."""
    hold_error(answer, 400)
    return str(answer.error["source"]["pointer"])


def asked(query: Mapping[str, str] | None) -> str:
    return "?" + urlencode(query) if query else ""
