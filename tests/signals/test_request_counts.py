"""Requests are counted by labels that have few values, whatever clients send."""

from __future__ import annotations

import random
import string
from time import perf_counter
from typing import Any

import pytest

from backroom.api.admission import Known
from backroom.api.asked_revision import AskedRevision
from backroom.api.observer import Exchange, Mishap
from backroom.api.request import Answer, Request
from backroom.api.routes import match_path
from backroom.catalog.neighbours import SERVED_OPERATIONS
from backroom.errors import Fault, NotFound, Throttled
from backroom.revisions import REVISIONS
from backroom.settings import Settings
from backroom.signals.request_counts import RequestCounts

METHODS = ("GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "GET2")


def known_of(method: str, path: str, revision: str = "") -> Known:
    headers = {b"revision": revision.encode("latin-1")} if revision else {}
    request = Request(method, path.encode("latin-1"), b"", headers, "http", "")
    try:
        asked = AskedRevision(Settings()).of(request)
        return Known(request, match_path(request.raw_path), None, asked)
    except Fault:
        return Known(request)


def counted(*requests: tuple[Known, int]) -> RequestCounts:
    counts = RequestCounts()
    for known, status in requests:
        counts.finished(Exchange(known), Answer(status, [], []))
    return counts


def test_routes_are_templates() -> None:
    counts = counted(
        (known_of("GET", "/api/catalog-items/a%20b", "2024-10-15"), 200),
        (known_of("GET", "/api/catalog-items/c/", "2024-10-15"), 200),
        (known_of("GET", "/health"), 200),
        (known_of("GET", "/nowhere"), 404),
    )
    keys = [(route, revision) for _, route, _, revision in counts.seen()]
    assert keys == [
        ("/api/catalog-items/{id}", "2024-10-15"),
        ("/health", "none"),
        ("unknown", "none"),
    ]


def fuzzed(number: int) -> tuple[Known, int]:
    chance = random.Random(number)

    def text() -> str:
        return "".join(chance.choices(string.printable, k=chance.randrange(30)))

    operation: Any = chance.choice(SERVED_OPERATIONS)
    path = chance.choice(
        [
            f"/{text()}",
            f"/api/{text()}",
            operation.path.replace("{id}", text()),
            f"/metrics{text()}",
        ]
    )
    method = chance.choice([*METHODS, text().upper()])
    revision = chance.choice([text(), *REVISIONS])
    return known_of(method, path, revision), chance.choice([200, 404, 400])


@pytest.mark.slow
def test_fuzzed_requests_make_no_new_labels() -> None:
    seen = counted(*map(fuzzed, range(10_000))).seen()
    routes = {each.path for each in SERVED_OPERATIONS} | {"unknown", "/", "/metrics"}
    assert {key[0] for key in seen} <= {*METHODS[:-2], "PUT", "other"}
    assert {key[1] for key in seen} <= routes
    assert {key[3] for key in seen} <= {"none", *REVISIONS}
    assert sum(sum(each.counts) for each in seen.values()) == 10_000


def refused(fault: Fault, mishap: Mishap | None = None) -> Exchange:
    exchange = Exchange(known_of("GET", "/api/catalog-items"))
    exchange.fault, exchange.mishap = fault, mishap
    return exchange


def test_throttled_requests_say_why() -> None:
    counts = RequestCounts()
    for fault in (Throttled(1), Throttled(1, "Too many jobs."), NotFound("it")):
        counts.finished(refused(fault), Answer(fault.status, [], []))
    assert {each.name: each.value for each in counts.limited.signals()} == {"rate": 1, "jobs": 1}


def test_injected_refusals_are_not_throttled() -> None:
    counts = RequestCounts()
    counts.finished(refused(Throttled(1), Mishap(1)), Answer(429, [], []))
    assert not sum(each.value for each in counts.limited.signals())


def test_a_count_takes_no_time() -> None:
    counts = RequestCounts()
    exchange = Exchange(known_of("GET", "/api/catalog-items", "2024-10-15"))
    answer = Answer(200, [], [])
    took = []
    for _ in range(20):
        began = perf_counter()
        for _ in range(500):
            counts.finished(exchange, answer)
        took.append((perf_counter() - began) / 500)
    # It takes half a microsecond. A machine that is shared may take some times as long.
    assert min(took) < 5e-6
