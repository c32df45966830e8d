"""Find the operations of a path.

In all paths of the API only the second segment after `/api/` can be an id. So a path is looked up
in a table by its segments with that one left out, and no patterns are tried one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.api.request import unquoted
from backroom.catalog.neighbours import SERVED_OPERATIONS
from backroom.errors import MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

_COLLECTION_ALLOW = "GET, POST, HEAD, OPTIONS"
_SINGLE_ALLOW = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
"""The `Allow` header that the service sends for a single resource (observed). No PUT exists."""
_PUBLIC_ALLOW = "POST, OPTIONS"
_API, _PUBLIC = "/api/", "/client/"
"""The beginnings of paths: of what needs a key, and of what browsers may ask for without one."""
PREFIXES = (_API, _PUBLIC)

_COLLECTION, _SINGLE = 1, 2
"""How many segments follow `/api/` in the path of a collection, and of one resource in it."""
_ID_PLACE = 3
"""The place of the id among all segments of a path, of which the first is empty."""


class Path(NamedTuple):
    """A path of the API: its operations by method, its `Allow` header, and the id in it.

    A `public` one needs no key. The query of its requests names the account.
    """

    operations: dict[str, Operation]
    allow: str
    resource_id: str
    public: bool = False

    def operation(self, method: str, revision: str) -> Operation:
        """Give the operation of a method. Raises `MethodNotAllowed`, or `NotFound`."""
        operation = self.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(method)
        if revision < operation.since:
            raise NotFound("No valid revisions found for method, please check our documentation")
        return operation


def template(path: Path) -> str:
    """Give a path as its operations have it, with `{id}` in place of an id."""
    # All operations of a path have the same.
    return next(iter(path.operations.values())).path


def _key(segments: list[str]) -> tuple[str, ...]:
    """Give the segments after `/api/`, with an empty text in place of the id."""
    return (segments[2], "", *segments[4:]) if len(segments) > _ID_PLACE else tuple(segments[2:])


def _table(prefix: str) -> dict[tuple[str, ...], dict[str, Operation]]:
    table: dict[tuple[str, ...], dict[str, Operation]] = {}
    for operation in SERVED_OPERATIONS:
        if operation.path.startswith(prefix):
            table.setdefault(_key(operation.path.split("/")), {})[operation.method] = operation
    return table


_ROUTE_TABLE = _table(_API)
_PUBLIC_TABLE = _table(_PUBLIC)


def match_path(raw_path: str) -> Path:
    """Find a path, which is still percent-encoded, with or without a slash at its end.

    Raises `NotFound` if the API has no such path in any revision, or if its id is not UTF-8.
    """
    path = raw_path.removesuffix("/")
    segments = path.split("/")
    key = _key(segments)
    operations = _ROUTE_TABLE.get(key)
    if operations is None or not path.startswith(_API) or "" in key[:1]:
        return _public_path(path, key)
    if len(key) == _COLLECTION:
        return Path(operations, _COLLECTION_ALLOW, "")
    try:
        resource_id = unquoted(segments[_ID_PLACE])
    except UnicodeError:
        resource_id = ""
    if not resource_id:
        raise NotFound("The requested path does not exist.")
    if len(key) == _SINGLE:
        return Path(operations, _SINGLE_ALLOW, resource_id)
    return Path(operations, ", ".join((*operations, "HEAD", "OPTIONS")), resource_id)


def _public_path(path: str, key: tuple[str, ...]) -> Path:
    operations = _PUBLIC_TABLE.get(key)
    if operations is None or not path.startswith(_PUBLIC):
        raise NotFound("The requested path does not exist.")
    return Path(operations, _PUBLIC_ALLOW, "", public=True)
