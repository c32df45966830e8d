"""The table of the control API, put together from the tables of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api.control import PREFIX
from backroom.control import (
    accounts,
    clock,
    faults,
    import_reports,
    info,
    jobs,
    keys,
    neighbours,
    pace,
    requests,
    reset,
    resources,
    revisions,
    seed,
    snapshots,
    subscriptions,
    webhooks,
)
from backroom.control.document import control_document
from backroom.control.route import ControlError, ControlRoute, Given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.control.route import Control

ROUTE_TABLES: tuple[tuple[ControlRoute, ...], ...] = (
    info.ROUTES,
    accounts.ROUTES,
    keys.ROUTES,
    reset.ROUTES,
    seed.ROUTES,
    resources.ROUTES,
    snapshots.ROUTES,
    jobs.ROUTES,
    import_reports.ROUTES,
    subscriptions.ROUTES,
    neighbours.ROUTES,
    webhooks.ROUTES,
    clock.ROUTES,
    pace.ROUTES,
    faults.ROUTES,
    requests.ROUTES,
    revisions.ROUTES,
)


def describe(_: Control, __: Given) -> dict[str, Any]:
    """Give the OpenAPI document of all routes, which stand in the table without `PREFIX`."""
    return control_document(ROUTES, PREFIX)


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute(
        "GET", "/control.json", "This API, as an OpenAPI 3.1 document.", describe, query=()
    ),
    *(route for table in ROUTE_TABLES for route in table),
)


def perform(
    control: Control,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> Any:
    """Do in this process what a request to the control API does. `path` is below `/_backroom`.

    Raises `ControlError`.
    """
    for route in ROUTES:
        parts = _parts_of_path(route.path, path)
        if route.method == method and parts is not None:
            return route.call(control, Given(parts, query or {}, body or {}))
    raise ControlError(404, f"The control API has no {method} {path}.")


def _parts_of_path(template: str, path: str) -> dict[str, str] | None:
    """Give the parts of a path for which its template has names, None if it is another path."""
    wanted, given = template.split("/"), path.rstrip("/").split("/")
    if len(wanted) != len(given):
        return None
    found = {}
    for name, part in zip(wanted, given, strict=True):
        if name.startswith("{"):
            found[name[1:-1]] = part
        elif name != part:
            return None
    return found
