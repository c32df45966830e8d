"""Spans of requests and jobs for OpenTelemetry, with their statements below them.

Spans are made when a request or a job is over, with the times that were noted: so a request pays
for its span after its answer is made. Only that of a POST which makes a job begins before its work:
the job keeps it as a `traceparent`, and the span of the job, perhaps in another process, is linked
to it.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backroom import __version__, clock
from backroom.api.observer import METHODS
from backroom.catalog.operations import Shape
from backroom.signals.request_counts import UNKNOWN, route_of_exchange
from backroom.store.timed import timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.context import Context
    from opentelemetry.trace import TracerProvider

    from backroom.api.observer import Exchange, Mishap
    from backroom.api.request import Answer
    from backroom.jobs.watching import JobEnd
    from backroom.store.database import Transaction
    from backroom.store.jobs import Waiting
    from backroom.store.timed import TimedStatement

_BILLION = 1_000_000_000
_SERVER_FAULT = 500
"""The least status that says that the server is to blame."""
_MOST_NOTED = 1000
"""Jobs that have begun here and ended elsewhere are forgotten beyond that number."""
_SYSTEMS = {"sqlite": "sqlite", "postgres": "postgresql"}
_PROPAGATOR = TraceContextTextMapPropagator()


class Spans:
    """Watches requests and jobs. `engine` is that of their database."""

    def __init__(self, provider: TracerProvider, engine: str) -> None:
        self._tracer = provider.get_tracer("backroom", __version__)
        self._system = _SYSTEMS[engine]
        self._begun: dict[str, tuple[float, list[TimedStatement]]] = {}
        """For each job that is being applied, when it began, and its statements."""

    def befalls(self, exchange: Exchange) -> Mishap | None:
        """Say that nothing befalls a request, and begin the span of one that makes a job."""
        operation = exchange.operation
        if operation is not None and operation.shape is Shape.JOB_POST:
            exchange.span = span = self._request_span(exchange)
            carrier: dict[str, str] = {}
            if span.get_span_context().trace_flags.sampled:
                _PROPAGATOR.inject(carrier, set_span_in_context(span))
            exchange.trace = carrier.get("traceparent")
        return None

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        begun = exchange.span
        span = begun if isinstance(begun, Span) else self._request_span(exchange)
        if span.is_recording():
            known = exchange.known
            found: dict[str, Any] = {"http.response.status_code": answer.status}
            if known.revision is not None:
                found["backroom.revision"] = known.revision.date
            if exchange.operation is not None:
                found["backroom.operation"] = exchange.operation.name
            if exchange.fault is not None:
                found["error.type"] = exchange.fault.code
            span.set_attributes(found)
            if answer.status >= _SERVER_FAULT:
                span.set_status(Status(StatusCode.ERROR))
            self._add_statements(span, exchange.statements or ())
        span.end(int(clock.epoch() * _BILLION))

    def _request_span(self, exchange: Exchange) -> Span:
        request = exchange.known.request
        route = route_of_exchange(exchange)
        method = request.method if request.method in METHODS else "_OTHER"
        found = {
            "http.request.method": method,
            "url.scheme": request.base.partition(":")[0],
            "url.path": request.raw_path,
        }
        if route != UNKNOWN:
            found["http.route"] = route
        name = method if method in METHODS else "HTTP"
        began = clock.epoch() - (perf_counter() - exchange.began)
        return self._tracer.start_span(
            name if route == UNKNOWN else f"{name} {route}",
            _context(request.header(b"traceparent"), request.header(b"tracestate")),
            SpanKind.SERVER,
            found,
            start_time=int(began * _BILLION),
        )

    def _add_statements(self, span: Span, statements: Iterable[TimedStatement]) -> None:
        context = set_span_in_context(span)
        for each in statements:
            child = self._tracer.start_span(
                each.name,
                context,
                SpanKind.CLIENT,
                {
                    "db.system": self._system,
                    "db.system.name": self._system,
                    "db.query.summary": each.name,
                },
                start_time=int(each.began * _BILLION),
            )
            child.end(int((each.began + each.seconds) * _BILLION))

    def begins(self, waiting: Waiting, tx: Transaction) -> Transaction:
        if len(self._begun) > _MOST_NOTED:
            self._begun.clear()
        noted: list[TimedStatement] = []
        self._begun[waiting.job_id] = clock.epoch(), noted
        return timed(tx, noted)

    def ended(self, end: JobEnd) -> None:
        job = end.job
        span = self._job_span(end.waiting)
        if span is not None:
            span.set_attributes(
                {
                    "backroom.job.status": str(job.status),
                    "backroom.job.applied": job.completed_count,
                    "backroom.job.failed": job.failed_count,
                }
            )
            span.end(int((end.began + end.seconds) * _BILLION))

    def failed(self, waiting: Waiting) -> None:
        span = self._job_span(waiting)
        if span is not None:
            span.set_status(Status(StatusCode.ERROR))
            span.end(int(clock.epoch() * _BILLION))

    def set_aside(self, _: Waiting) -> None:
        """Leave it to the log: a job that is set aside has failed before."""

    def _job_span(self, waiting: Waiting) -> Span | None:
        """Give the span of a try of a job, with its statements. It is not ended."""
        began, statements = self._begun.pop(waiting.job_id, (None, []))
        if began is None:
            return None
        posted = get_current_span(_context(waiting.trace, None)).get_span_context()
        span = self._tracer.start_span(
            f"apply {waiting.type}",
            _context(None, None),
            SpanKind.CONSUMER,
            {
                "backroom.job.id": waiting.job_id,
                "backroom.job.type": waiting.type,
                "backroom.account": waiting.account,
            },
            [Link(posted)] if posted.is_valid else [],
            int(began * _BILLION),
        )
        if span.is_recording():
            self._add_statements(span, statements)
        return span


def _context(traceparent: str | None, tracestate: str | None) -> Context:
    """Read the headers of W3C Trace Context. A wrong one counts as none."""
    if traceparent is None:
        return _EMPTY
    carrier = {"traceparent": traceparent, "tracestate": tracestate}
    return _PROPAGATOR.extract({name: value for name, value in carrier.items() if value}, _EMPTY)


_EMPTY = set_span_in_context(get_current_span())
