"""The metrics of HTTP as OpenTelemetry names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions, Observation

from backroom import __version__
from backroom.api.observer import METHODS
from backroom.signals.request_counts import UNKNOWN, known_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.metrics import MeterProvider

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer

ADVISED_BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25),
    *(0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
"""Seconds, as the semantic conventions advise."""


class Meters:
    """Records requests as `http.server.request.duration`, and shows how many are active."""

    def __init__(self, provider: MeterProvider) -> None:
        self.active: Mapping[str, int] = {}
        """How many requests are being answered, by method."""
        meter = provider.get_meter("backroom", __version__)
        self._duration = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=ADVISED_BUCKETS,
        )
        meter.create_observable_up_down_counter(
            "http.server.active_requests",
            [self._observe_active],
            unit="{request}",
            description="Number of active HTTP server requests.",
        )

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        request, route = exchange.known.request, known_route(exchange.known)
        of: dict[str, Any] = {
            "http.request.method": request.method if request.method in METHODS else "_OTHER",
            "http.response.status_code": answer.status,
            "url.scheme": request.base.partition(":")[0],
        }
        if route != UNKNOWN:
            of["http.route"] = route
        self._duration.record(exchange.seconds, of)

    def _observe_active(self, _: CallbackOptions) -> Iterable[Observation]:
        for method, count in self.active.items():
            named = method if method in METHODS else "_OTHER"
            yield Observation(count, {"http.request.method": named, "url.scheme": "http"})
