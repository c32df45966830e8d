"""Changes made from the table of kinds: a revision added an attribute, or dropped one.

The store has all attributes that any revision shows. So has a document of the newest shape before
it goes down the ladder. These changes remove the attributes that a revision does not have. Bodies
need no change: `catalog/rules.py` says which attributes they may give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.operations import RESOURCE_SHAPES, Operation, Shape
from backroom.revisions.change import Change, resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backroom.catalog.kinds import Attribute, Kind


class AddAttribute(Change):
    """A revision added an attribute to a kind. Earlier revisions do not show it."""

    shapes = RESOURCE_SHAPES | {Shape.JOB_GET}

    def __init__(self, kind: Kind, attribute: Attribute) -> None:
        self.kind = kind
        self.attribute = attribute

    @property
    def description(self) -> str:
        return f"{self.kind.with_article} has `{self.attribute.name}`."

    def touches(self, operation: Operation) -> bool:
        answered = None if operation.bulk else operation.kind
        return super().touches(operation) and self.kind in {answered, operation.included_kind}

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for each in (*resources(document), *document.get("included", ())):
            if each["type"] == self.kind.type:
                each["attributes"] = _without(self.attribute.name, each["attributes"])


class DropAttribute(AddAttribute):
    """A revision dropped an attribute of a kind. This revision and later ones do not show it."""

    @property
    def description(self) -> str:
        return f"{self.kind.with_article} no longer has `{self.attribute.name}`."

    def applies(self, revision: str, date: str) -> bool:
        return revision >= date


def _without(name: str, attributes: Any) -> dict[str, Any]:
    if isinstance(attributes, msgspec.Raw):
        attributes = msgspec.json.decode(attributes)
    return {each: value for each, value in attributes.items() if each != name}


def with_attributes(
    ladder: Mapping[str, tuple[Change, ...]], kinds: Iterable[Kind]
) -> dict[str, tuple[Change, ...]]:
    """Add the changes of attributes to a ladder, each after the other changes of its date.

    Raises ValueError if the date of an attribute is not a revision.
    """
    changes = {date: [*at_date] for date, at_date in ladder.items()}
    for kind in kinds:
        for date, change in _changes_of(kind):
            if date not in changes:
                raise ValueError(f"{change.description} But {date} is not a revision.")
            changes[date].append(change)
    return {date: tuple(at_date) for date, at_date in changes.items()}


def _changes_of(kind: Kind) -> Iterator[tuple[str, Change]]:
    for attribute in kind.attributes:
        if attribute.since:
            yield attribute.since, AddAttribute(kind, attribute)
        if attribute.until:
            yield attribute.until, DropAttribute(kind, attribute)
