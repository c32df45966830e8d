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
from backroom.catalog.operations import READS, Operation, RateClass, Shape

WHOLE_SHAPES = frozenset({Shape.SUBSCRIBE})
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


_SUBSCRIPTION = "back-in-stock-subscription"
_SUBSCRIPTIONS_SINCE = "2023-07-15"
_SUBSCRIPTION_SCOPES = (("", ("catalogs:write", "profiles:write")),)

NEIGHBOURS: tuple[Neighbour, ...] = (
    _neighbour(
        "create_back_in_stock_subscription",
        "POST /api/back-in-stock-subscriptions",
        Shape.SUBSCRIBE,
        READS,
        202,
        type_=_SUBSCRIPTION,
        scopes=_SUBSCRIPTION_SCOPES,
        kind=VARIANT,
        since=_SUBSCRIPTIONS_SINCE,
    ),
    _neighbour(
        "create_client_back_in_stock_subscription",
        "POST /client/back-in-stock-subscriptions",
        Shape.SUBSCRIBE,
        READS,
        202,
        type_=_SUBSCRIPTION,
        scopes=_SUBSCRIPTION_SCOPES,
        kind=VARIANT,
        since=_SUBSCRIPTIONS_SINCE,
    ),
)
