"""2023-07-15: bulk bodies and the parent of a variant take the forms of JSON:API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from backroom.catalog.drafts import not_allowed, required
from backroom.catalog.kinds import ITEM, Verb
from backroom.catalog.operations import Operation, Shape
from backroom.errors import Invalid
from backroom.revisions.change import Change, move_pointers

if TYPE_CHECKING:
    from collections.abc import Iterator


class NestBulkOperations(Change):
    """The operations of a bulk job stand in `items.data`, no longer in `items` itself.

    The same for `variants` and `categories`. Pointers in errors follow.
    """

    shapes = frozenset({Shape.JOB_POST, Shape.JOB_GET, Shape.JOB_LIST})

    def up(self, operation: Operation, body: Any) -> Any:
        attributes = _attributes(body)
        member = operation.job_kind.member
        if member in attributes:
            given = attributes[member]
            if not isinstance(given, list):
                raise Invalid(
                    f'Expected a list of items but got type "{type(given).__name__}".',
                    f"/data/attributes/{member}",
                )
            attributes[member] = {"data": given}
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
    """A variant names its parent in `relationships.item`, no longer in a list `items`."""

    shapes = frozenset({Shape.JOB_POST, Shape.JOB_GET, Shape.JOB_LIST})
    _parent: ClassVar = re.compile(r"(/attributes/variants/data(?:/\d+)?/relationships)/item\b")

    def touches(self, operation: Operation) -> bool:
        return (
            super().touches(operation)
            and operation.kind.shown_relation == "item"
            and operation.job_kind.verb is Verb.CREATE
        )

    def up(self, operation: Operation, body: Any) -> Any:
        for pointer, relationships in _variant_relationships(body):
            if "item" in relationships:
                raise not_allowed("item", operation.kind, f"{pointer}/item")
            if "items" in relationships:
                parent = _only_parent(relationships.pop("items"), f"{pointer}/items")
                if parent is not None:
                    relationships["item"] = {"data": parent}
        return body

    def down(self, operation: Operation, document: dict[str, Any]) -> None:
        move_pointers(document, lambda pointer: self.pointer(operation, pointer))

    def pointer(self, operation: Operation, pointer: str) -> str:  # noqa: ARG002 - the signature
        indexed = re.search(r"/variants/data/\d+/", pointer) is not None
        moved, count = self._parent.subn(r"\1/items", pointer)
        if count and indexed:
            return re.sub(r"/items/data(/|$)", r"/items/data/0\1", moved)
        return moved


def _attributes(body: Any) -> dict[str, Any]:
    """Give the attributes of a job's body, or an empty dict where the body is not of that form."""
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _variant_relationships(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each variant's relationships with their pointer in the body as it was sent."""
    nested = _attributes(body).get("variants")
    variants = nested.get("data") if isinstance(nested, dict) else None
    for index, variant in enumerate(variants if isinstance(variants, list) else []):
        relationships = variant.get("relationships") if isinstance(variant, dict) else None
        if isinstance(relationships, dict):
            yield f"/data/attributes/variants/{index}/relationships", relationships


def _only_parent(given: Any, pointer: str) -> Any:
    """Give the one identifier in a list of parents, None for an empty one."""
    if not isinstance(given, dict):
        raise Invalid(
            f'Expected a dictionary of items but got type "{type(given).__name__}".', pointer
        )
    if "data" not in given:
        raise required("data", ITEM.type, f"{pointer}/data")
    data = given["data"]
    if not isinstance(data, list):
        raise Invalid(
            f'Expected a list of items but got type "{type(data).__name__}".', f"{pointer}/data"
        )
    if len(data) > 1:
        raise Invalid("A variant belongs to one item at most.", f"{pointer}/data/1")
    return data[0] if data else None
