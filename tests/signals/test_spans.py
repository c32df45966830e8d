"""Spans of requests, statements and jobs, in the SDK's own memory, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from backroom.api.admission import Known
from backroom.jobs.next_job import NextJob, NotApplied
from backroom.revisions import NEWEST
from backroom.signals.spans import Spans
from backroom.signals.telemetry import Telemetry
from conftest import client_of, running
from support.factories import (
    ACCOUNT,
    a_body,
    a_creation,
    a_job,
    a_kind_of_job,
    a_request,
    a_resource,
    stored,
)
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database
    from conftest import NewDatabase
    from support.client import Client

ITEMS = a_kind_of_job("item", "create")
JOBS = f"/api/{ITEMS.collection}"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traced:
    """A client of a server whose spans are kept."""

    def __init__(self, client: Client, kept: InMemorySpanExporter) -> None:
        self.client = client
        self._kept = kept

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self._kept.get_finished_spans() if each.name == name]

    def one(self, name: str) -> ReadableSpan:
        until(lambda: bool(self.named(name)), f"a span {name}")
        return self.named(name)[-1]

    def children(self, of: ReadableSpan) -> list[str]:
        assert of.context is not None
        return [
            each.name
            for each in self._kept.get_finished_spans()
            if each.parent is not None and each.parent.span_id == of.context.span_id
        ]


def spans_kept(engine: str) -> tuple[Spans, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    return Spans(SimpleSpanProcessor(kept), engine), kept


@pytest.fixture(scope="module")
def traced(new_store: NewDatabase) -> Iterator[Traced]:
    with running(new_store(), limits="off") as server:
        spans, kept = spans_kept(server.database.dialect.name)
        server.tell(Telemetry(spans, None, lambda: None))
        yield Traced(client_of(server), kept)


def test_request_has_a_span_of_its_route(traced: Traced) -> None:
    answer = traced.client.get("/api/catalog-items/nothing")
    span = traced.one("GET /api/catalog-items/{id}")
    assert span.kind is SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/api/catalog-items/{id}",
        "http.response.status_code": 404,
        "url.scheme": "http",
        "url.path": "/api/catalog-items/nothing",
        "backroom.revision": NEWEST,
        "backroom.operation": "get_catalog_item",
        "backroom.request.id": answer.headers["x-klaviyo-req-id"],
        "error.type": "not_found",
    }
    assert span.status.status_code is StatusCode.UNSET


def test_statements_stand_below_their_request(traced: Traced) -> None:
    traced.client.get("/api/catalog-categories")
    span = traced.one("GET /api/catalog-categories")
    (child,) = traced.children(span)
    found = traced.one(child)
    assert found.kind is SpanKind.CLIENT
    assert (found.attributes or {})["db.query.summary"] == child
    assert (span.start_time or 0) <= (found.start_time or 0) <= (found.end_time or 0)


def test_statements_of_writes_stand_below_them(traced: Traced) -> None:
    traced.client.post("/api/catalog-items", {"data": a_resource("item", "written")})
    assert "insert items" in traced.children(traced.one("POST /api/catalog-items"))


def test_parent_of_the_client_is_honoured(traced: Traced) -> None:
    traced.client.get("/api/catalog-variants", headers={"traceparent": PARENT})
    span = traced.one("GET /api/catalog-variants")
    assert span.parent is not None
    assert span.context is not None
    assert format_trace_id(span.context.trace_id) == PARENT.split("-")[1]
    assert format_span_id(span.parent.span_id) == PARENT.split("-")[2]


def test_parent_that_is_wrong_counts_as_none(traced: Traced) -> None:
    traced.client.get("/api/catalog-items", headers={"traceparent": "00-zz-1-01"})
    assert traced.one("GET /api/catalog-items").parent is None


def test_job_is_linked_to_its_post(traced: Traced) -> None:
    posted = traced.client.post(JOBS, a_body(ITEMS, a_resource("item", "linked")))
    span, job = traced.one(f"POST {JOBS}"), traced.one(f"apply {ITEMS.type}")
    assert "accept a job" in traced.children(span)
    assert span.context is not None
    (link,) = job.links
    assert (link.context.trace_id, link.context.span_id) == (
        span.context.trace_id,
        span.context.span_id,
    )
    found = job.attributes or {}
    assert (found["backroom.job.id"], found["backroom.job.applied"]) == (posted.job_id, 1)
    assert "insert items" in traced.children(job)


def test_try_that_fails_has_a_span_too(database: Database) -> None:
    def fail(step: str) -> None:
        if step == "progress_written":
            raise RuntimeError

    spans, kept = spans_kept(database.dialect.name)
    next_job = NextJob(database, on_step=fail)
    next_job.watch.add(spans)
    job = stored(database, a_job(), a_creation("item", "a"))
    with pytest.raises(NotApplied):
        next_job.apply(lambda _: ACCOUNT)
    failed = [each for each in kept.get_finished_spans() if each.name == f"apply {job.type}"]
    assert [each.status.status_code for each in failed] == [StatusCode.ERROR]


class AskedSampler(ParentBasedTraceIdRatio):
    """A sampler that keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.names: list[str] = []

    def should_sample(self, *asked: Any, **more: Any) -> SamplingResult:
        if asked:
            self.names.append(asked[2])
        return super().should_sample(*asked, **more)


def test_sampler_is_asked_once_for_a_request(new_database: NewDatabase) -> None:
    kept, sampler = InMemorySpanExporter(), AskedSampler()
    with running(new_database(), limits="off") as server:
        spans = Spans(SimpleSpanProcessor(kept), "sqlite", sampler=sampler)
        server.tell(Telemetry(spans, None, lambda: None))
        for path in ("/api/catalog-items", "/api/nothing"):
            client_of(server).get(path)
    assert sampler.names.count("GET /api/catalog-items") == 1
    assert [each.name for each in kept.get_finished_spans()].count("GET") == 1


@pytest.mark.parametrize("sampler", [TraceIdRatioBased(0.25), ParentBasedTraceIdRatio(0.25)])
def test_share_of_traces_is_kept(sampler: Sampler) -> None:
    spans = Spans(SimpleSpanProcessor(InMemorySpanExporter()), "sqlite", sampler=sampler)
    known = Known(a_request())
    kept = [each for _ in range(1000) if (each := spans.begin(known, 0.0)) is not None]
    assert 150 < len(kept) < 350
    for each in kept:
        assert isinstance(each.span, ReadableSpan)
        # The sampler of the next service comes to the same result.
        assert each.span.context.trace_id % 2**64 < TraceIdRatioBased(0.25).bound


def test_parents_outweigh_the_share() -> None:
    sampler = ParentBasedTraceIdRatio(0.0)
    spans = Spans(SimpleSpanProcessor(InMemorySpanExporter()), "sqlite", sampler=sampler)
    assert spans.begin(Known(a_request()), 0.0) is None
    assert spans.begin(Known(a_request(headers={"traceparent": PARENT})), 0.0) is not None


def test_requests_that_are_not_sampled_leave_nothing(new_database: NewDatabase) -> None:
    kept = InMemorySpanExporter()
    with running(new_database(), limits="off", job_delay=3600) as server:
        spans = Spans(SimpleSpanProcessor(kept), server.database.dialect.name, sampler=ALWAYS_OFF)
        server.tell(Telemetry(spans, None, lambda: None))
        client_of(server).post(JOBS, a_body(ITEMS, a_resource("item")))
        with server.database.read() as tx:
            assert tx.all("select trace from job_operations") == [(None,)]
    assert kept.get_finished_spans() == ()
