"""2023-07-15: bulk bodies and the parent of a variant get the shapes of JSON:API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from backroom.catalog.jsonapi import check_members, required_member, unknown_relationship
from backroom.catalog.kinds import ITEM, VARIANT, Verb
from backroom.catalog.operations import JOB_SHAPES, RESOURCE_SHAPES, Operation, Shape
from backroom.catalog.values import json_array, json_object
from backroom.errors import Invalid
from backroom.revisions.change import Change, move_pointers, resources

if TYPE_CHECKING:
    from collections.abc import Iterator


class NestBulkOperations(Change):
    """The job operations are in `items.data` instead of `items`.

    The same holds for `variants` and `categories`, and for the pointers in errors.
    """

    shapes = JOB_SHAPES

    def up(self, operation: Operation, body: Any) -> Any:
        attributes = _job_attributes(body)
        member = operation.job_kind.member
        if member in attributes:
            pointer = f"/data/attributes/{member}"
            attributes[member] = {"data": json_array(attributes[member], pointer)}
        return body

    def down(self, operation: Operation, document: dict[str, Any]) -> None:
        move_pointers(document, lambda pointer: self.pointer(operation, pointer))

    def pointer(self, operation: Operation, pointer: str) -> str:
        member = f"/data/attributes/{operation.job_kind.member}"
        nested = f"{member}/data"
        if pointer == nested or pointer.startswith(nested + "/"):
            return member + pointer[len(nested) :]
        return pointer


class GiveVariantsOneItem(Change):
    """A variant names its parent in `relationships.item` instead of in a list `items`."""

    shapes = RESOURCE_SHAPES | JOB_SHAPES
    _parent: ClassVar = re.compile(
        r"(^/data|/attributes/variants/data(?:/\d+)?)/relationships/item(?=/|$)"
    )

    def touches(self, operation: Operation) -> bool:
        if not super().touches(operation) or operation.kind is not VARIANT:
            return False
        return operation.bulk is None or operation.bulk.verb is Verb.CREATE

    def up(self, operation: Operation, body: Any) -> Any:
        if operation.shape in {Shape.CREATE, Shape.JOB_POST}:
            for pointer, relationships in _variant_relationships(operation, body):
                _move_parent(operation, relationships, pointer)
        return body

    def down(self, operation: Operation, document: dict[str, Any]) -> None:
        if operation.bulk is not None:
            move_pointers(document, lambda pointer: self.pointer(operation, pointer))
            return
        for resource in resources(document):
            relationships = resource["relationships"]
            item = relationships.pop("item", {"data": None})
            relationships["items"] = _as_list(item, resource["links"]["self"])

    def pointer(self, operation: Operation, pointer: str) -> str:
        if operation.shape is Shape.UPDATE:
            return pointer
        moved, count = self._parent.subn(r"\1/relationships/items", pointer)
        # A pointer in the errors of a job has no index of the job operation or the parent.
        indexed = operation.bulk is None or re.search(r"/variants/data/\d+/", pointer)
        if count and indexed:
            return re.sub(r"/items/data(/|$)", r"/items/data/0\1", moved)
        return moved


def _as_list(item: dict[str, Any], variant_url: str) -> dict[str, Any]:
    """Make a relationship to many of a variant's relationship to its item."""
    many: dict[str, Any] = {}
    if "data" in item:
        many["data"] = [] if item["data"] is None else [item["data"]]
    many["links"] = {
        "self": f"{variant_url}relationships/items/",
        "related": f"{variant_url}items/",
    }
    return many


def _move_parent(operation: Operation, relationships: dict[str, Any], pointer: str) -> None:
    """Move the parent of a variant in a body from the list `items` to `item`."""
    if "item" in relationships:
        raise unknown_relationship("item", operation.kind, f"{pointer}/item")
    if "items" in relationships:
        for parent in _parents(relationships.pop("items"), f"{pointer}/items"):
            relationships["item"] = {"data": parent}


def _job_attributes(body: Any) -> dict[str, Any]:
    """Give the attributes of a job's body, or an empty dict if the body has another shape."""
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _variant_relationships(operation: Operation, body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the relationships of each variant, with the pointer to them in the body as sent."""
    for pointer, variant in _variants(operation, body):
        relationships = variant.get("relationships") if isinstance(variant, dict) else None
        if isinstance(relationships, dict):
            yield f"{pointer}/relationships", relationships


def _variants(operation: Operation, body: Any) -> Iterator[tuple[str, Any]]:
    if operation.bulk is None:
        yield "/data", body.get("data") if isinstance(body, dict) else None
        return
    nested = _job_attributes(body).get("variants")
    variants = nested.get("data") if isinstance(nested, dict) else None
    for index, variant in enumerate(variants if isinstance(variants, list) else []):
        yield f"/data/attributes/variants/{index}", variant


def _parents(relationship: Any, pointer: str) -> list[Any]:
    """Give the identifiers in a list of parents, which has at most one.

    Raises `Invalid` if the list has more, or is not a list.
    """
    members = json_object(relationship, pointer)
    check_members(members, ("data",), ITEM.type, pointer)
    data = json_array(required_member(members, "data", ITEM.type, pointer), f"{pointer}/data")
    if len(data) > 1:
        raise Invalid("A variant belongs to one item at most.", f"{pointer}/data/1")
    return data
