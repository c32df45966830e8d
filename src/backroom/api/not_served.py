"""Words for refused requests whose operation the real service has and this server lacks."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from backroom import events
from backroom.catalog import published
from backroom.catalog.neighbours import SERVED_OPERATIONS
from backroom.errors import MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from backroom.api.request import Request
    from backroom.errors import Fault

log = logging.getLogger(__name__)

WORDS = "an operation of the real service that backroom doesn't serve"

_CATALOG = "/api/catalog-"
"""All of the catalog is served. Early documents have patterns in place of some of its paths."""


def not_served(request: Request, fault: Fault) -> Fault:
    """Give a 404 that says so in place of a fault, if the fault is that there is no such operation.

    Any other fault is given back. The log says so once for each operation.
    """
    if not isinstance(fault, (NotFound, MethodNotAllowed)):
        return fault
    words = unserved(request.method, request.raw_path)
    if words is None:
        return fault
    _log_once(words)
    return NotFound(f"{words}.")


def unserved(method: str, raw_path: str) -> str | None:
    """Say that the real service has an operation for a method and a path, and this server does not.

    None for any other path, and for an operation that the server has.
    """
    if raw_path.startswith(_CATALOG):
        return None
    real = published.real_operation(method, raw_path)
    if real is None:
        return None
    path = real.replace("{}", "{id}")
    return None if (method, path) in _served() else f"{method} {path} is {WORDS}"


@cache
def _served() -> frozenset[tuple[str, str]]:
    return frozenset((each.method, each.path) for each in SERVED_OPERATIONS)


@cache
def _log_once(words: str) -> None:
    log.warning(events.OPERATION_NOT_SERVED, words)
