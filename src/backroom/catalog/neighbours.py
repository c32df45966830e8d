"""The neighbours: operations that catalog integrations call beside those of the catalog.

One row for each, with what admission needs. What a revision lets them say, their parameters and the
shapes of bodies and answers, is data: `catalog/published.py` reads it when it is first needed.
Scopes and rates are the published specifications'. Before 2023-02-22 no scopes are documented, and
none are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from backroom.catalog.kinds import VARIANT, Kind
from backroom.catalog.operations import OPERATIONS, READS, WRITES, Operation, Rate, RateClass, Shape

WHOLE_SHAPES = frozenset({Shape.SUBSCRIBE, Shape.ACCOUNTS, Shape.ACCOUNT})
"""The shapes that do what the real service does. The others only keep what is sent."""
_NO_KIND = cast("Kind", None)
"""The kind of a row that is about nothing in the catalog. None of its shapes asks for a kind."""


@dataclass(frozen=True, eq=False)
class Neighbour(Operation):
    """An operation beside the catalog. `type` is the type of what it is about.

    `scopes` has the scopes that a key needs, all of them, from a revision on, newest first.
    """

    type: str = ""
    scopes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the server does what the real service does. Otherwise it only keeps requests."""
        return self.shape in WHOLE_SHAPES

    @property
    def public(self) -> bool:
        """Whether browsers may ask for it, without a key."""
        return self.path.startswith("/client/")

    @property
    def resource_type(self) -> str:
        """The `type` of what it is about."""
        return self.type

    def scopes_at(self, revision: str) -> tuple[str, ...]:
        """Give the scopes that a key needs for it in a revision, all of them."""
        return next((scopes for since, scopes in self.scopes if revision >= since), ())

    def lacking(self, scopes: frozenset[str], revision: str) -> str:
        """Name what a key with `scopes` lacks for it in a revision. Empty if nothing."""
        return ", ".join(each for each in self.scopes_at(revision) if each not in scopes)


def _neighbour(  # noqa: PLR0913 - as many as a row has columns
    name: str,
    place: str,
    shape: Shape,
    rates: RateClass,
    status: int,
    *,
    type_: str,
    scopes: tuple[tuple[str, tuple[str, ...]], ...],
    kind: Kind = _NO_KIND,
    since: str = "",
) -> Neighbour:
    method, path = place.split(" ")
    return Neighbour(
        name, method, path, shape, kind, rates, status, since=since, type=type_, scopes=scopes
    )


_SCOPED_SINCE = "2023-02-22"
_LISTS_RENAMED = "2023-12-15"
_ACCOUNT_READS = RateClass((("", Rate(1, 15)),))
_SLOW = RateClass((("", Rate(10, 150)),))
_LIST_READS = RateClass(
    (("2026-01-15", Rate(75, 750)), ("2023-06-15", Rate(75, 700)), ("", Rate(10, 150)))
)
_PROFILE_READS = RateClass(
    (
        ("2026-01-15", Rate(75, 750)),
        ("2023-06-15", Rate(75, 700)),
        (_SCOPED_SINCE, Rate(10, 150)),
        ("", Rate(3, 60)),
    )
)
_PUBLIC_SUBSCRIPTIONS = RateClass(
    (("2026-01-15", Rate(350, 750)), (_SCOPED_SINCE, Rate(100, 700)), ("", Rate(100, 100)))
)
_WAITING, _WAITING_SINCE = "back-in-stock-subscription", "2023-07-15"
_SUBSCRIBING = "profile-subscription-bulk-create-job"


def _scoped(*scopes: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((_SCOPED_SINCE, scopes),)


_WAITING_SCOPES = _scoped("catalogs:write", "profiles:write")
_LIST_SCOPES = ((_LISTS_RENAMED, ("lists:read",)), (_SCOPED_SINCE, ("list:read",)))
_SUBSCRIBING_SCOPES = (
    (_LISTS_RENAMED, ("lists:write", "profiles:write", "subscriptions:write")),
    (_SCOPED_SINCE, ("list:write", "profiles:write", "subscriptions:write")),
)

NEIGHBOURS: tuple[Neighbour, ...] = (
    _neighbour(
        "create_back_in_stock_subscription",
        "POST /api/back-in-stock-subscriptions",
        Shape.SUBSCRIBE,
        READS,
        202,
        type_=_WAITING,
        scopes=_WAITING_SCOPES,
        kind=VARIANT,
        since=_WAITING_SINCE,
    ),
    _neighbour(
        "create_client_back_in_stock_subscription",
        "POST /client/back-in-stock-subscriptions",
        Shape.SUBSCRIBE,
        READS,
        202,
        type_=_WAITING,
        scopes=_WAITING_SCOPES,
        kind=VARIANT,
        since=_WAITING_SINCE,
    ),
    _neighbour(
        "get_accounts",
        "GET /api/accounts",
        Shape.ACCOUNTS,
        _ACCOUNT_READS,
        200,
        type_="account",
        scopes=_scoped("accounts:read"),
        since="2023-06-15",
    ),
    _neighbour(
        "get_account",
        "GET /api/accounts/{id}",
        Shape.ACCOUNT,
        _ACCOUNT_READS,
        200,
        type_="account",
        scopes=_scoped("accounts:read"),
        since="2023-06-15",
    ),
    _neighbour(
        "get_profiles",
        "GET /api/profiles",
        Shape.KEPT_LIST,
        _PROFILE_READS,
        200,
        type_="profile",
        scopes=_scoped("profiles:read"),
    ),
    _neighbour(
        "create_profile",
        "POST /api/profiles",
        Shape.KEEP_PROFILE,
        WRITES,
        201,
        type_="profile",
        scopes=_scoped("profiles:write"),
    ),
    _neighbour(
        "create_or_update_profile",
        "POST /api/profile-import",
        Shape.KEEP_PROFILE,
        WRITES,
        200,
        type_="profile",
        scopes=_scoped("profiles:write"),
        since="2024-02-15",
    ),
    _neighbour(
        "create_event",
        "POST /api/events",
        Shape.KEEP,
        READS,
        202,
        type_="event",
        scopes=_scoped("events:write"),
    ),
    _neighbour(
        "bulk_create_events",
        "POST /api/event-bulk-create-jobs",
        Shape.KEEP,
        _SLOW,
        202,
        type_="event-bulk-create-job",
        scopes=_scoped("events:write"),
        since="2024-05-15",
    ),
    _neighbour(
        "bulk_subscribe_profiles",
        "POST /api/profile-subscription-bulk-create-jobs",
        Shape.KEEP,
        WRITES,
        202,
        type_=_SUBSCRIBING,
        scopes=_SUBSCRIBING_SCOPES,
    ),
    _neighbour(
        "get_lists",
        "GET /api/lists",
        Shape.KEPT_LIST,
        _LIST_READS,
        200,
        type_="list",
        scopes=_LIST_SCOPES,
    ),
    _neighbour(
        "get_metrics",
        "GET /api/metrics",
        Shape.KEPT_LIST,
        _SLOW,
        200,
        type_="metric",
        scopes=_scoped("metrics:read"),
    ),
    _neighbour(
        "create_client_event",
        "POST /client/events",
        Shape.KEEP,
        READS,
        202,
        type_="event",
        scopes=_scoped("events:write"),
    ),
    _neighbour(
        "create_client_profile",
        "POST /client/profiles",
        Shape.KEEP,
        READS,
        202,
        type_="profile",
        scopes=_scoped("profiles:write"),
    ),
    _neighbour(
        "create_client_subscription",
        "POST /client/subscriptions",
        Shape.KEEP,
        _PUBLIC_SUBSCRIPTIONS,
        202,
        type_="subscription",
        scopes=_scoped("subscriptions:write"),
    ),
)

SERVED_OPERATIONS: tuple[Operation, ...] = (*OPERATIONS, *NEIGHBOURS)
"""All operations that the server has: those of the catalog, and the neighbours."""
OPERATIONS_BY_NAME = {each.name: each for each in SERVED_OPERATIONS}
