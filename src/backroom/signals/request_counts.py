"""Counts of requests: an observer that adds to plain numbers on the thread that serves.

It takes half a microsecond for each request. A counter and a histogram of `prometheus_client` take
a lock each, and take several times as long. The numbers become metrics when somebody asks for them
(`exposition.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import suppress
from typing import TYPE_CHECKING

from backroom.api import control, routes
from backroom.api.observer import METHODS
from backroom.errors import NotFound, Throttled
from backroom.signals.durations import Durations
from backroom.signals.families import REQUEST_BUCKETS
from backroom.store.signals import Tally

if TYPE_CHECKING:
    from backroom.api.admission import Admitted, Known
    from backroom.api.observer import Exchange
    from backroom.api.request import Answer, Request

    Key = tuple[str, str, int, str]
    _Key = tuple[str, int | str, int, str | None]

_OTHER = "other"
"""Any other method. A client may invent as many as it likes."""
UNKNOWN = "unknown"
"""The route of what is at no path."""
_NO_REVISION = "none"


class RequestCounts:
    """How many requests there were, by method, route, status and revision, and how long they took.

    All of these labels have as many values as the tables of the API, no matter what clients send.
    """

    def __init__(self) -> None:
        self._seen: dict[_Key, list[float]] = {}
        """For each key the counts of all buckets, and the sum of the seconds."""
        self.limited = Tally("rate", "jobs")
        """Requests that were answered 429, by the reason."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Count a request."""
        known, seconds = exchange.known, exchange.seconds
        path, revision = known.path, known.revision
        key = (
            known.request.method,
            # The operations of a path are one table, which stays as long as the program.
            _outside(known.request) if path is None else id(path.operations),
            answer.status,
            None if revision is None else revision.date,
        )
        counts = self._seen.get(key)
        if counts is None:
            counts = self._new_counts(key, known)
        counts[bisect_left(REQUEST_BUCKETS, seconds)] += 1
        counts[-1] += seconds
        fault = exchange.fault
        # A fault that was injected says nothing about how many requests there are.
        if isinstance(fault, Throttled) and exchange.mishap is None:
            self.limited.add("rate" if fault.detail.startswith(Throttled.title) else "jobs")

    def _new_counts(self, key: _Key, known: Known | Admitted) -> list[float]:
        method, route, status, revision = key
        if known.path is not None:
            _TEMPLATES[id(known.path.operations)] = routes.template(known.path)
        if method not in METHODS:
            method = _OTHER
        return self._seen.setdefault(
            (method, route, status, revision), [0.0] * (len(REQUEST_BUCKETS) + 2)
        )

    def seen(self) -> dict[Key, Durations]:
        """Give a copy of all counts, by method, route, status and revision."""
        found: dict[Key, Durations] = {}
        for (method, route, status, revision), counts in self._seen.copy().items():
            named = _TEMPLATES[route] if isinstance(route, int) else route
            durations = Durations(REQUEST_BUCKETS)
            *buckets, durations.total = counts
            durations.counts = [int(each) for each in buckets]
            key = (method, named, status, revision or _NO_REVISION)
            found.setdefault(key, Durations(REQUEST_BUCKETS)).merge(durations)
        return found


_TEMPLATES: dict[int, str] = {}
"""The path of each table of operations that was asked for, by its identity."""


def known_route(known: Known | Admitted) -> str:
    """Give the route of a request."""
    return _outside(known.request) if known.path is None else routes.template(known.path)


def _outside(request: Request) -> str:
    """Give the route of a request whose path was not looked up."""
    with suppress(NotFound):
        return routes.template(routes.match_path(request.raw_path))
    found = control.route_of(request.raw_path)
    return UNKNOWN if found is None else found.route.path
