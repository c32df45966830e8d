"""Spans of requests and jobs for OpenTelemetry, with their statements below them.

The sampler of the SDK is asked once for each request, with a trace id, before anything is made. A
sampler that keeps a share of the traces is not asked: the trace id alone says that a request is
left out. The statements of a request that is left out are not timed. A POST that makes a job leaves
its span as a `traceparent`, and the span of the job, perhaps in another process, is linked to it.
The spans of statements and jobs are made when they are over.
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
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
from backroom.api.observer import METHODS, Traced
from backroom.catalog.operations import Shape
from backroom.signals.request_counts import UNKNOWN, known_route
from backroom.store.timed import timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource

    from backroom.api.admission import Admitted, Known
    from backroom.api.observer import Exchange
    from backroom.api.request import Answer, Request
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
_RATIO = re.compile(r"(?:ParentBased\{root:)?TraceIdRatioBased\{([0-9.e-]+)\}")
_SAMPLERS = {TraceIdRatioBased, ParentBased, ParentBasedTraceIdRatio}
"""Those whose descriptions are known. A sampler of others that derives from one may do more."""
_PROPAGATOR = TraceContextTextMapPropagator()


class Spans:
    """Watches requests and jobs, and gives their spans to a processor.

    `engine` is that of their database. The variables of OpenTelemetry choose the sampler, where
    none is given.
    """

    def __init__(
        self,
        processor: SpanProcessor,
        engine: str,
        resource: Resource | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        provider = _provider(processor, resource, sampler)
        self._tracer = provider.get_tracer("backroom", __version__)
        self._sampler, self._ids = provider.sampler, provider.id_generator
        self._bound = _bound_of(provider.sampler)
        self._chosen = _Chosen()
        self._requests = _provider(processor, resource, self._chosen, self._chosen).get_tracer(
            "backroom", __version__
        )
        self.end = provider.shutdown
        """Sends what is left."""
        self._system = _SYSTEMS[engine]
        self._names: dict[tuple[str, str, int], tuple[str, dict[str, str]]] = {}
        """The name of a span and what it has in any case, by method, base and the route's table."""
        self._begun: dict[str, tuple[float, list[TimedStatement]]] = {}
        """For each job that is being applied, when it began, and its statements."""

    def begin(self, known: Known | Admitted, began: float) -> Traced | None:
        """Begin the span of a request that the sampler chooses, before anything else is made."""
        request, path = known.request, known.path
        header = request.header(b"traceparent")
        trace_id = 0
        if header is None:
            trace_id = self._ids.generate_trace_id()
            if trace_id & TraceIdRatioBased.TRACE_ID_LIMIT >= self._bound:
                return None
        if path is None:
            name, common = _name_and_attributes(request, known_route(known))
        else:
            # The operations of a path are one table, which stays as long as the program.
            key = request.method, request.base, id(path.operations)
            name, common = self._names.get(key) or self._name(key, known)
        parent = _NO_CONTEXT if header is None else _context(header, request.header(b"tracestate"))
        if header is not None:
            posted = get_current_span(parent).get_span_context()
            trace_id = posted.trace_id if posted.is_valid else self._ids.generate_trace_id()
        result = self._sampler.should_sample(
            parent, trace_id, name, SpanKind.SERVER, {**common, "url.path": request.raw_path}
        )
        if result.decision is Decision.DROP:
            return None
        self._chosen.result, self._chosen.trace_id = result, trace_id
        span = self._requests.start_span(
            name,
            parent,
            SpanKind.SERVER,
            start_time=int((clock.epoch() - (perf_counter() - began)) * _BILLION),
        )
        operation = path and path.operations.get(request.method)
        carrier: dict[str, str] = {}
        if (
            operation
            and operation.shape is Shape.JOB_POST
            and span.get_span_context().trace_flags.sampled
        ):
            _PROPAGATOR.inject(carrier, set_span_in_context(span))
        return Traced(span, [], carrier.get("traceparent"))

    def _name(
        self, key: tuple[str, str, int], known: Known | Admitted
    ) -> tuple[str, dict[str, str]]:
        if len(self._names) > _MOST_NOTED:
            # Clients choose hosts.
            self._names.clear()
        self._names[key] = found = _name_and_attributes(known.request, known_route(known))
        return found

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        traced = exchange.traced
        if traced is None or not isinstance(span := traced.span, Span):
            return
        known = exchange.known
        found: dict[str, Any] = {
            "http.response.status_code": answer.status,
            "backroom.request.id": known.request.request_id,
        }
        if known.revision is not None:
            found["backroom.revision"] = known.revision.date
        if exchange.operation is not None:
            found["backroom.operation"] = exchange.operation.name
        if exchange.fault is not None:
            found["error.type"] = exchange.fault.code
        span.set_attributes(found)
        if answer.status >= _SERVER_FAULT:
            span.set_status(Status(StatusCode.ERROR))
        self._add_statements(span, traced.statements)
        span.end(int(clock.epoch() * _BILLION))

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
        """Give the span of one try of a job, with its statements. The caller ends the span."""
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


class _Chosen(Sampler, IdGenerator):
    """Gives the span of a request what was chosen for it before: the result, and its trace.

    The thread that serves sets both, and begins the span at once.
    """

    result = SamplingResult(Decision.DROP)
    trace_id = 0

    def __init__(self) -> None:
        self._ids = RandomIdGenerator()

    def should_sample(self, *_: object, **__: object) -> SamplingResult:
        return self.result

    def get_description(self) -> str:
        return "chosen before"

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self._ids.generate_span_id()

    def is_trace_id_random(self) -> bool:
        return self._ids.is_trace_id_random()


def _bound_of(sampler: Sampler) -> int:
    """Give the number that is greater than the ends of the trace ids that the sampler keeps.

    The traces are those that begin here. A sampler that chooses in another way must be asked each
    time, so all ids are below the number. A parent-based sampler says only in its description what
    it does with a trace that begins here.
    """
    found = _RATIO.match(sampler.get_description()) if type(sampler) in _SAMPLERS else None
    rate = 1.0 if found is None else float(found[1])
    return TraceIdRatioBased.get_bound_for_rate(rate)


def _provider(
    processor: SpanProcessor,
    resource: Resource | None,
    sampler: Sampler | None,
    ids: IdGenerator | None = None,
) -> TracerProvider:
    made = TracerProvider(sampler, resource, shutdown_on_exit=False, id_generator=ids)
    made.add_span_processor(processor)
    return made


def _name_and_attributes(request: Request, route: str) -> tuple[str, dict[str, str]]:
    """Give the name of a request's span, and the attributes that others of its kind have too."""
    method = request.method if request.method in METHODS else "_OTHER"
    found = {"http.request.method": method, "url.scheme": request.base.partition(":")[0]}
    name = method if method in METHODS else "HTTP"
    if route == UNKNOWN:
        return name, found
    return f"{name} {route}", {**found, "http.route": route}


def _context(traceparent: str | None, tracestate: str | None) -> Context:
    """Read the headers of W3C Trace Context. A wrong one counts as none."""
    if traceparent is None:
        return _NO_CONTEXT
    carrier = {"traceparent": traceparent, "tracestate": tracestate}
    return _PROPAGATOR.extract(
        {name: value for name, value in carrier.items() if value}, _NO_CONTEXT
    )


_NO_CONTEXT = set_span_in_context(get_current_span())
