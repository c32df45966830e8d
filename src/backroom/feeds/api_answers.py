"""What the API itself answers: a page of a list, one resource, or an array of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.ids import external_id as external_id_in
from backroom.catalog.kinds import KINDS
from backroom.feeds.advice import record_fault
from backroom.feeds.columns import row_from
from backroom.feeds.rows import Row, RowFault, relation_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS_BY_TYPE = {kind.type: kind for kind in KINDS.values()}
_NEVER_SENT = ("created", "updated", "external_id", "catalog_type", "integration_type")


def is_resource(value: Any) -> bool:
    """Whether an object is a resource of the API."""
    if not isinstance(value, dict) or not _is_type(value.get("type")):
        return False
    if isinstance(value.get("attributes"), dict):
        return True
    return isinstance(value.get("id"), str) and "external_id" not in value


def _is_type(name: Any) -> bool:
    return isinstance(name, str) and name in _KINDS_BY_TYPE


def resource_row(line: int, resource: Mapping[str, Any]) -> Row | RowFault:
    """Make a row of a resource."""
    attributes = resource.get("attributes", {})
    if not isinstance(attributes, dict):
        return record_fault(line, "attributes must be an object")
    kind = _KINDS_BY_TYPE[resource["type"]]
    identity = attributes.get("external_id")
    if not isinstance(identity, str):
        identity = external_id_in(str(resource.get("id", "")))
    cells: dict[str, Any] = {"type": kind.type, "external_id": identity}
    cells |= {name: value for name, value in attributes.items() if name not in _NEVER_SENT}
    relation = relation_of(kind)
    relationships = resource.get("relationships")
    if relation and isinstance(relationships, dict):
        held = relationships.get(relation.name)
        data = held.get("data") if isinstance(held, dict) else None
        if data is not None:
            ids = [_id_of_identifier(each) for each in (data if isinstance(data, list) else [data])]
            cells[relation.name] = ids if relation.many else (ids[0] if ids else None)
    return row_from(line, cells)


def _id_of_identifier(identifier: Any) -> str | None:
    if not isinstance(identifier, dict):
        return None
    return external_id_in(str(identifier.get("id", "")))
