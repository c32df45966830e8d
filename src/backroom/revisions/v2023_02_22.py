"""2023-02-22: relationships are linked, and more resources have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM
from backroom.catalog.operations import RESOURCE_SHAPES, Operation, Shape
from backroom.revisions.change import Change, resources

if TYPE_CHECKING:
    from collections.abc import Iterator


class LinkRelationships(Change):
    """A relationship of an item has `links` beside its `data`."""

    shapes = frozenset({Shape.LIST, Shape.ONE})

    def touches(self, operation: Operation) -> bool:
        return super().touches(operation) and operation.kind is ITEM

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for relationship in _relationships(document):
            relationship.pop("links", None)


class RelateMoreResources(Change):
    """Variants and categories have `relationships`. So has an item in the answer to a write."""

    shapes = RESOURCE_SHAPES

    def touches(self, operation: Operation) -> bool:
        read_item = operation.kind is ITEM and operation.shape in {Shape.LIST, Shape.ONE}
        return super().touches(operation) and not read_item

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for resource in resources(document):
            resource.pop("relationships", None)


def _relationships(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources(document):
        yield from resource.get("relationships", {}).values()
