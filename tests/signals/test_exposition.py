"""Scrapes of real servers and workers, as Prometheus' own parser reads them."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
import urllib3

from backroom.settings import InvalidSetting
from backroom.signals.families import COUNTER, FAMILIES, GAUGE, HISTOGRAM
from conftest import client_of, running
from support.client import Client
from support.factories import a_body, a_kind_of_job, a_resource
from support.process import connects, until
from support.scraping import labels_of, samples, scraped, total

if TYPE_CHECKING:
    from conftest import NewDatabase
    from support.process import Programs

ITEMS = a_kind_of_job("item", "create")
JOBS = f"/api/{ITEMS.collection}"
SUFFIXES = {COUNTER: ("",), GAUGE: ("",), HISTOGRAM: ("_bucket", "_count", "_sum")}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize("http", ["auto", "plain"])
def test_server_shows_what_it_did(new_store: NewDatabase, http: str) -> None:
    with running(new_store(), limits="off", http=http) as server:
        client = client_of(server)
        job_id = client.post(JOBS, a_body(ITEMS, a_resource("item"), {"type": "x"})).status
        assert job_id == 400
        client.post(JOBS, a_body(ITEMS, a_resource("item", "a"), a_resource("item", "b")))
        until(lambda: total(scraped(server.url), "job_items_total") == 2, "a job")
        text = scraped(server.url)
    assert total(text, "http_requests_total", route=JOBS, status="202", method="POST") == 1
    assert total(text, "http_request_duration_seconds_count", route=JOBS) == 2
    assert total(text, "jobs_finished_total", type=ITEMS.type, status="complete") == 1
    assert total(text, "job_duration_seconds_count", type=ITEMS.type) == 1
    assert total(text, "http_connections_open") >= 1
    assert total(text, "build_info", role="server") == 1


def test_all_that_is_shown_is_documented(new_store: NewDatabase) -> None:
    names = {
        f"backroom_{name}{suffix}": set(family.labels) | ({"le"} if suffix == "_bucket" else set())
        for name, family in FAMILIES.items()
        for suffix in SUFFIXES[family.kind]
    }
    with running(new_store(), limits="off") as server:
        shown = labels_of(scraped(server.url))
    own = {name: labels for name, labels in shown.items() if not name.startswith("process_")}
    assert {name for name, labels in own.items() if not labels <= names[name]} == set()


def test_metrics_can_be_off(new_database: NewDatabase) -> None:
    with running(new_database(), metrics="off") as server:
        answer = urllib3.request("GET", f"{server.url}/metrics", retries=False)
    assert answer.status == 404
    assert answer.json()["errors"][0]["detail"] == "The requested path does not exist."


@pytest.mark.slow
def test_a_port_of_their_own_shows_nothing_else(new_database: NewDatabase) -> None:
    port = free_port()
    with running(new_database(), metrics_port=port) as server:
        assert total(scraped(f"http://127.0.0.1:{port}"), "build_info") == 1
        assert urllib3.request("GET", f"{server.url}/metrics", retries=False).status == 404
    until(lambda: not connects("127.0.0.1", port), "the port to close")


def test_a_port_that_is_taken_is_refused(new_database: NewDatabase) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(InvalidSetting, match=f"metrics_port {port} of 127.0.0.1"),
            running(new_database(), metrics_port=port),
        ):
            pass


@pytest.mark.slow
def test_each_process_counts_its_own(programs: Programs, postgres_url: str) -> None:
    ports = [free_port(), free_port()]
    servers = []
    for _ in ports:
        servers.append(programs.serve("--database", postgres_url, "--worker", "off"))
        assert servers[-1].announced()
    for port in ports:
        programs.start("work", "--database", postgres_url, "--metrics-port", str(port))
    workers = [f"http://127.0.0.1:{port}" for port in ports]
    until(lambda: all(connects("127.0.0.1", port) for port in ports), "the workers")
    key = servers[0].key
    for number, server in enumerate(servers):
        Client(server.url, key).post(JOBS, a_body(ITEMS, a_resource("item", f"i{number}")))

    def all_applied() -> bool:
        return (
            sum(total(scraped(each), "job_items_total", result="applied") for each in workers) == 2
        )

    until(all_applied, "two items")
    for server in servers:
        text = scraped(server.url)
        assert total(text, "http_requests_total", route=JOBS, status="202") == 1
        assert total(text, "workers") == 2


def test_scrapes_at_the_same_time_ask_once(new_database: NewDatabase) -> None:
    with running(new_database()) as server:
        texts: list[str] = []
        threads = [
            threading.Thread(target=lambda: texts.append(scraped(server.url))) for _ in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(texts) == 8


def test_answers_are_counted_from_zero(new_database: NewDatabase) -> None:
    with running(new_database()) as server:
        text = scraped(server.url)
        assert {each.value for each in samples(text) if "answers" in each.name} == {0}
        urllib3.request("GET", f"{server.url}/api/catalog-items", retries=False)
        urllib3.request("GET", f"{server.url}/nowhere", retries=False)
        text = scraped(server.url)
    shown = {each.labels["status"] for each in samples(text) if "answers" in each.name}
    assert {"429", "500", "503"} <= shown
    counts = [total(text, "http_answers_total", status=each) for each in ("401", "404", "500")]
    assert counts == [1, 1, 0]
    assert total(text, "http_answers_total") == total(text, "http_requests_total")
