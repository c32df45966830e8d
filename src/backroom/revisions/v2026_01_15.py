"""2026-01-15: every answer has a link to itself."""

from __future__ import annotations

from typing import Any

from backroom.catalog.operations import Operation, Shape
from backroom.revisions.change import Change


class LinkSingleDocuments(Change):
    """An answer about one resource has top-level `links.self`."""

    shapes = frozenset({Shape.ONE, Shape.CREATE, Shape.UPDATE, Shape.JOB_POST, Shape.JOB_GET})

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        document.pop("links", None)


class LinkIdLists(Change):
    """A list of ids has top-level `links`: to itself, and to the pages before and after."""

    shapes = frozenset({Shape.IDS})

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        document.pop("links", None)
