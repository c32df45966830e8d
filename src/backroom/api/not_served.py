"""Say of a refused request that it is for an operation of the real service which is not served."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from backroom.catalog import published
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.catalog.operations import OPERATIONS
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
    if request.raw_path.startswith(_CATALOG):
        return fault
    real = published.real_operation(request.method, request.raw_path)
    # Of an operation that the server has, the fault says already what is wrong.
    if real is None or _is_served(real.method, real.path):
        return fault
    words = f"{real.method} {real.path.replace('{}', '{id}')} is {WORDS}"
    _log_once(words)
    return NotFound(f"{words}.")


def _is_served(method: str, path: str) -> bool:
    return (method, path.replace("{}", "{id}")) in _served()


@cache
def _served() -> frozenset[tuple[str, str]]:
    return frozenset((each.method, each.path) for each in (*OPERATIONS, *NEIGHBOURS))


@cache
def _log_once(words: str) -> None:
    log.warning("%s", words)
