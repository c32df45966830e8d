"""Metrics as Prometheus reads them, made with its library when somebody asks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

from backroom import __version__
from backroom.settings import InvalidSetting
from backroom.signals.durations import Durations
from backroom.signals.families import (
    COUNTER,
    FAMILIES,
    GAUGE,
    PREFIX_OF_METRICS,
    REQUEST_BUCKETS,
    USUAL_STATUSES,
)
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric

    from backroom.signals.metrics import Metrics


class Exposition:
    """Writes the metrics of a process, and those of the process as the system sees it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> tuple[str, bytes]:
        """Give all of them, after the media type of the text."""
        return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Serve them in a thread, and give what ends that. Raises `InvalidSetting`."""
        try:
            server, thread = start_http_server(port, addr=host, registry=self._registry)
        except OSError as error:
            raise InvalidSetting(
                f"metrics_port {port} of {host} can't be listened on: {error.strerror}"
            ) from None

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that the database is not asked for it."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give all metrics, as the library asks for them."""
        metrics = self._metrics
        labels = (("version", __version__), ("engine", metrics.engine), ("role", metrics.role))
        signals = [Signal("build_info", 1, labels), *self._request_signals(), *metrics.signals()]
        by_name: dict[str, list[Signal]] = {}
        for each in signals:
            by_name.setdefault(each.name, []).append(each)
        for name, found in by_name.items():
            yield _family(name, found)
        yield from self._histograms()

    def _request_signals(self) -> Iterator[Signal]:
        if self._metrics.role != "server":
            return
        counts = self._metrics.requests
        by_status = Counter(dict.fromkeys(USUAL_STATUSES, 0))
        for (method, route, status, revision), durations in counts.seen().items():
            of = ("method", method), ("route", route), ("status", str(status))
            count = sum(durations.counts)
            by_status[status] += count
            yield Signal("http_requests_total", count, (*of, ("revision", revision)))
        for status, count in by_status.items():
            yield Signal("http_answers_total", count, (("status", str(status)),))
        for limited in counts.limited.signals():
            yield Signal("rate_limited_total", limited.value, (("reason", limited.name),))

    def _histograms(self) -> Iterator[Metric]:
        merged: dict[tuple[str, ...], Durations] = {}
        for (method, route, *_), durations in self._metrics.requests.seen().items():
            merged.setdefault((method, route), Durations(REQUEST_BUCKETS)).merge(durations)
        yield _histogram("http_request_duration_seconds", merged.items())
        for name, by_type in self._metrics.jobs.durations().items():
            yield _histogram(name, [((each,), durations) for each, durations in by_type.items()])


def _family(name: str, signals: Iterable[Signal]) -> Metric:
    family = FAMILIES[name]
    kinds = {COUNTER: CounterMetricFamily, GAUGE: GaugeMetricFamily}
    made: CounterMetricFamily | GaugeMetricFamily = kinds[family.kind](
        PREFIX_OF_METRICS + name, family.words, labels=family.labels
    )
    for each in signals:
        made.add_metric([value for _, value in each.labels], each.value)
    return made


def _histogram(name: str, found: Iterable[tuple[tuple[str, ...], Durations]]) -> Metric:
    family = FAMILIES[name]
    made = HistogramMetricFamily(PREFIX_OF_METRICS + name, family.words, labels=family.labels)
    for labels, durations in found:
        made.add_metric(labels, durations.cumulative(), durations.total)
    return made
