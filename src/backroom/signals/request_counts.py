"""Counts of requests: an observer that adds to plain integers on the thread that serves.

A counter of `prometheus_client` takes a lock for each request, which costs more than all of this.
What is counted becomes metrics when somebody asks for them (`exposition.py`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from backroom.api import control, routes
from backroom.api.observer import METHODS
from backroom.errors import NotFound, Throttled
from backroom.signals.durations import Durations
from backroom.signals.families import REQUEST_BUCKETS
from backroom.store.signals import Tally

if TYPE_CHECKING:
    from backroom.api.observer import Exchange, Mishap
    from backroom.api.request import Answer, Request

    Key = tuple[str, str, int, str]

_OTHER = "other"
"""Any other method. A client may invent as many as it likes."""
UNKNOWN = "unknown"
"""The route of what is at no path."""
_NO_REVISION = "none"


class RequestCounts:
    """How many requests there were, by method, route, status and revision, and how long they took.

    All of these labels have as many values as the tables of the API, whatever clients send.
    """

    def __init__(self) -> None:
        self._seen: dict[Key, Durations] = {}
        self.limited = Tally("rate", "jobs")
        """Requests that were answered 429, by the reason."""

    def befalls(self, _: Exchange) -> Mishap | None:
        """Say that nothing befalls a request: a count has no effect."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Count a request."""
        known = exchange.known
        request, path, revision = known.request, known.path, known.revision
        key = (
            request.method,
            _route_outside(request) if path is None else routes.template(path),
            answer.status,
            _NO_REVISION if revision is None else revision.date,
        )
        durations = self._seen.get(key)
        if durations is None:
            durations = self._bounded(key)
        durations.add(exchange.seconds)
        if answer.status == Throttled.status and isinstance(exchange.fault, Throttled):
            is_of_rate = exchange.fault.detail.startswith(Throttled.title)
            self.limited.add("rate" if is_of_rate else "jobs")

    def _bounded(self, key: Key) -> Durations:
        """Give where requests are counted whose method may be an invention."""
        method = key[0] if key[0] in METHODS else _OTHER
        return self._seen.setdefault((method, *key[1:]), Durations(REQUEST_BUCKETS))

    def seen(self) -> dict[Key, Durations]:
        """Give a copy of all counts, which other threads may read."""
        return self._seen.copy()


def route_of_exchange(exchange: Exchange) -> str:
    """Give the route of a request."""
    known = exchange.known
    return _route_outside(known.request) if known.path is None else routes.template(known.path)


def _route_outside(request: Request) -> str:
    """Give the route of a request of whose path nothing is known: it was not looked for."""
    with suppress(NotFound):
        return routes.template(routes.match_path(request.raw_path))
    found = control.route_of(request.raw_path)
    return UNKNOWN if found is None else found.route.path
