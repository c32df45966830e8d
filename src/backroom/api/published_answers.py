"""Answers of the neighbours: documents that hold what the caller's revision publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog import published
from backroom.catalog.neighbours import Neighbour
from backroom.catalog.published_shapes import fitted

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.wire import Document, Parts


def published_answer(admitted: Admitted, document: Document) -> Parts:
    """Write a document with the members that the revision has, and the fields asked for."""
    operation = admitted.operation
    assert isinstance(operation, Neighbour)  # noqa: S101 - no other row has these shapes
    schema = published.published_facts(operation, admitted.revision.date).answer or {}
    shaped = fitted(schema, document)
    if "links" in shaped:
        # Links to pages that do not exist are null (observed), whatever the schema says.
        known = schema["properties"]["links"]["properties"]
        shaped["links"] = {name: url for name, url in document["links"].items() if name in known}
    names = admitted.query.fields.get(operation.resource_type)
    if names is not None:
        data = shaped["data"]
        for each in data if isinstance(data, list) else [data]:
            each["attributes"] = _named_attributes(each["attributes"], names)
    return [msgspec.json.encode(shaped)]


def _named_attributes(attributes: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Keep the attributes that are named. `a.b` names the member `b` of the attribute `a`."""
    kept: dict[str, Any] = {}
    for name in names:
        *parents, last = name.split(".")
        source = attributes
        for each in parents:
            source = source.get(each) or {}
        if last in source:
            target = kept
            for each in parents:
                target = target.setdefault(each, {})
            target[last] = source[last]
    return kept
