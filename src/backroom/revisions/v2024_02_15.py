"""2024-02-15: null becomes a value."""

from __future__ import annotations

from typing import Any

import msgspec

from backroom.catalog.operations import JOB_SHAPES, RESOURCE_SHAPES, Operation
from backroom.revisions.change import Change, resources


class AllowNullAttributes(Change):
    """An attribute may be null. Earlier revisions leave out an attribute without a value."""

    # Bodies need no change: the table of kinds says which attributes may be null, and since when.

    shapes = RESOURCE_SHAPES | JOB_SHAPES

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for resource in (*resources(document), *document.get("included", ())):
            resource["attributes"] = _without_nulls(resource["attributes"])


def _without_nulls(attributes: Any) -> Any:
    if isinstance(attributes, msgspec.Raw):
        # Decoding takes long, and most resources have no null. A text that only contains the word
        # is decoded for nothing, which does no harm.
        if b"null" not in bytes(attributes):
            return attributes
        attributes = msgspec.json.decode(attributes)
    return {name: value for name, value in attributes.items() if value is not None}
