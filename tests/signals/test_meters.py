"""The metrics of HTTP by OpenTelemetry, in the SDK's own memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from backroom.signals.meters import ADVISED_BUCKETS, Meters
from backroom.signals.telemetry import Telemetry
from conftest import client_of, running

if TYPE_CHECKING:
    from conftest import NewDatabase


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_durations_have_the_advised_buckets(new_database: NewDatabase) -> None:
    reader = InMemoryMetricReader()
    meters = Meters(MeterProvider([reader]))
    with running(new_database(), limits="off") as server:
        server.tell(Telemetry(None, meters, lambda: None))
        client_of(server).get("/api/catalog-items")
        found = points(reader)
    (duration,) = found["http.server.request.duration"]
    assert duration.explicit_bounds == ADVISED_BUCKETS
    assert duration.count == 1
    assert dict(duration.attributes) == {
        "http.request.method": "GET",
        "http.route": "/api/catalog-items",
        "http.response.status_code": 200,
        "url.scheme": "http",
    }
    active = {
        each.attributes["http.request.method"]: each.value
        for each in found["http.server.active_requests"]
    }
    assert active["GET"] == 0
