"""Method and path to operation."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from backroom.catalog.operations import OPERATIONS, Operation
from backroom.errors import NotFound

_COLLECTION_ALLOW = "GET, POST, HEAD, OPTIONS"
_SINGLE_ALLOW = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
"""The `Allow` header that the service sends for a single resource (observed). No PUT exists."""


_COLLECTION, _SINGLE = 1, 2
"""Segments of a path after `/api/`, of a collection and of one resource in it."""
_ID = 3
"""Where the id stands among all segments of a path, of which the first is empty."""


class Path(NamedTuple):
    """A path of the API: its operations by method, the `Allow` header, the id within."""

    operations: dict[str, Operation]
    allow: str
    resource_id: str


def _key(segments: list[str]) -> tuple[str, ...]:
    """Give the segments after `/api/` with whatever stands second left out: it is an id."""
    return (segments[2], "", *segments[4:]) if len(segments) > _ID else tuple(segments[2:])


def _table() -> dict[tuple[str, ...], dict[str, Operation]]:
    table: dict[tuple[str, ...], dict[str, Operation]] = {}
    for operation in OPERATIONS:
        table.setdefault(_key(operation.path.split("/")), {})[operation.method] = operation
    return table


_TABLE = _table()


def match_path(raw_path: str) -> Path:
    """Find a path, still percent-encoded, with or without the slash at its end.

    Raises `NotFound` where the API has none like it in any revision.
    """
    path = raw_path.removesuffix("/")
    segments = path.split("/")
    key = _key(segments)
    operations = _TABLE.get(key)
    if operations is None or not path.startswith("/api/") or "" in key[:1]:
        raise NotFound("The requested path does not exist.")
    if len(key) == _COLLECTION:
        return Path(operations, _COLLECTION_ALLOW, "")
    resource_id = segments[_ID]
    if "%" in resource_id:
        resource_id = unquote(resource_id, errors="replace")
    if not resource_id:
        raise NotFound("The requested path does not exist.")
    if len(key) == _SINGLE:
        return Path(operations, _SINGLE_ALLOW, resource_id)
    return Path(operations, ", ".join((*operations, "HEAD", "OPTIONS")), resource_id)
