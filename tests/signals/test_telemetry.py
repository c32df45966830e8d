"""OpenTelemetry is switched on by its variables alone, and sends by OTLP what processes did."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backroom.settings import InvalidSetting
from backroom.signals.telemetry import (
    Exporters,
    check_exporters,
    exporters_asked,
    telemetry_of,
)
from support.client import Client
from support.collector import attributes, collecting
from support.factories import a_body, a_kind_of_job, a_resource
from support.process import Programs, until

ITEMS = a_kind_of_job("item", "create")
JOBS = f"/api/{ITEMS.collection}"
ENDPOINT = "http://127.0.0.1:4318"
HTTP, GRPC = "otlp_proto_http", "otlp_proto_grpc"


@pytest.mark.parametrize(
    ("variables", "traces", "metrics"),
    [
        ({}, None, None),
        ({"OTEL_SERVICE_NAME": "shop"}, None, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, HTTP, HTTP),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ENDPOINT}, HTTP, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_METRICS_EXPORTER": "none"}, HTTP, None),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console", None),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, GRPC, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "true"}, None, None),
    ],
)
def test_variables_of_the_standard_ask(
    variables: dict[str, str], traces: str | None, metrics: str | None
) -> None:
    assert exporters_asked(variables) == Exporters(traces, metrics)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin, which is not installed"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"},
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "pip install opentelemetry-exporter-otlp-proto-grpc",
        ),
    ],
)
def test_wrong_variables_are_refused(variables: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        telemetry_of(variables, "sqlite")
    with pytest.raises(InvalidSetting, match=words):
        check_exporters(variables)


def test_without_variables_nothing_is_imported() -> None:
    said = (
        "from backroom.signals.telemetry import telemetry_of; import sys;"
        "assert telemetry_of({}, 'sqlite') is None; print('opentelemetry' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_missing_package_is_only_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    assert telemetry_of({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, "sqlite") is None
    assert "pip install 'backroom[otel]'" in caplog.text


@pytest.mark.slow
def test_server_with_a_wrong_variable_ends(programs: Programs) -> None:
    server = programs.serve(OTEL_TRACES_EXPORTER="zipkin")
    assert server.wait() == 2
    assert "zipkin, which is not installed" in server.errors


@pytest.mark.slow
def test_link_leads_over_processes(programs: Programs, postgres_url: str) -> None:
    with collecting() as collector:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
        }
        database = ("--database", postgres_url)
        server = programs.serve(*database, "--worker", "off", **variables)
        client = Client(server.url, server.key)
        programs.start("work", *database, **variables, OTEL_SERVICE_NAME="worker")
        posted = client.post(JOBS, a_body(ITEMS, a_resource("item")))
        applied = f"apply {ITEMS.type}"
        until(lambda: bool(collector.named(applied)), "the span of the job")
        (post,), (job,) = collector.named(f"POST {JOBS}"), collector.named(applied)
        assert [each.span_id for each in job.links] == [post.span_id]
        assert [each.trace_id for each in job.links] == [post.trace_id]
        assert attributes(job)["backroom.job.id"] == posted.job_id
        services = {span.name: service for service, span in collector.spans}
        assert (services[post.name], services[job.name]) == ("backroom", "worker")
        until(lambda: "http.server.request.duration" in collector.metrics, "metrics")
        programs.end()
