"""Changes made from the table of kinds: an attribute that came with a revision, or that went.

The store has all attributes that any revision shows, and so has a document of the newest shape
before it goes down the ladder. These changes leave out of it what a revision does not have: one
that came later, or one that has gone. Bodies need no change: what they may give stands in
`catalog/rules.py`.
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
    """A kind of resource has one attribute more: older revisions do not show it."""

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
    """A kind of resource has one attribute less: this revision and all later do not show it."""

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
    """Give a ladder with the changes of attributes at their dates, after those that it has.

    Raises ValueError where an attribute comes or goes with a date that is no revision.
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
