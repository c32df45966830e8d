from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from backroom.cli import doctor_checks
from backroom.cli.doctor_checks import CHECKS_AROUND, PUBLIC, Advice
from backroom.settings import Settings
from feeds.scripted_server import Answer, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping


def found(
    name: str, settings: Settings, environment: Mapping[str, str] | None = None
) -> list[Advice]:
    (check,) = (each for each in (*CHECKS_AROUND, PUBLIC) if each.name == name)
    return list(check.look(settings, environment or {}))


def test_settings_say_where_they_come_from() -> None:
    settings = Settings(port=80, control_token="hidden", host="::")
    named = {"BACKROOM_PORT": "80", "BACKROOM_CONTROL_TOKEN_FILE": "f"}
    assert [each.words for each in found("settings", settings, named)] == [
        "host is '::', by a flag",
        "port is 80, by BACKROOM_PORT",
        "control_token is set, by BACKROOM_CONTROL_TOKEN_FILE",
    ]


def test_unknown_variables_are_named() -> None:
    named = {"BACKROOM_PROT": "1", "BACKROOM_ZZZZZZ": "1", "BACKROOM_URL": "1", "PATH": "/"}
    assert [each.todo for each in found("variables", Settings(), named)] == [
        "Did you mean BACKROOM_PORT?",
        "Remove it: nothing reads it.",
    ]


def test_program_is_new_enough() -> None:
    assert found("program", Settings())[0].level == "ok"


def test_own_server_is_known(server_url: str) -> None:
    (said,) = found("port", Settings(port=urlsplit(server_url).port or 0))
    assert (said.level, f"answers at {server_url}" in said.words) == ("ok", True)


def test_other_programs_have_the_port() -> None:
    with scripted(Answer(200, b"<html>")) as script:
        (said,) = found("port", Settings(port=urlsplit(script.url).port or 0))
    assert (said.level, "another program" in said.words) == ("wrong", True)


def test_free_port_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert found("port", Settings(port=port))[0].level == "ok"


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ({"status": "unavailable"}, "is not ready"),
        ({"status": "ok", "worker": "missing"}, "no worker is alive"),
    ],
)
def test_unwell_server_is_wrong(health: dict[str, str], words: str) -> None:
    with scripted(Answer(200, {"revisions": {}, **health})) as script:
        said = found("port", Settings(port=urlsplit(script.url).port or 0))[-1]
    assert (said.level, words in said.words) == ("wrong", True)


def test_server_that_hangs_is_not_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "_CHECK_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen()
        (said,) = found("port", Settings(port=silent.getsockname()[1]))
    assert (said.level, "does not answer within 0.1 seconds" in said.words) == ("wrong", True)
    assert "restart it" in said.todo


def test_server_that_is_not_ready_says_what_to_do() -> None:
    with scripted(Answer(503, {"revisions": {}, "status": "unavailable"})) as script:
        said = found("port", Settings(port=urlsplit(script.url).port or 0))[0]
    assert "can't write to its database" in said.words
    assert "not_ready" in said.todo


def test_absent_store_of_limits_is_said() -> None:
    (said,) = found("limits store", Settings(limits_store="redis://127.0.0.1:1"))
    assert said.level == "warning"
    assert found("limits store", Settings()) == []


def test_public_url_that_answers(server_url: str) -> None:
    assert found("public url", Settings(public_url=server_url))[0].level == "ok"


def test_telemetry_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    assert found("telemetry", Settings(), asked) == []
    monkeypatch.setattr(doctor_checks, "find_spec", lambda _: None)
    assert [each.level for each in found("telemetry", Settings(), asked)] == ["warning"]
    assert found("telemetry", Settings()) == []


def test_absent_exporter_is_wrong() -> None:
    (said,) = found("telemetry", Settings(), {"OTEL_TRACES_EXPORTER": "zipkin"})
    assert (said.level, "zipkin, which is not installed" in said.words) == ("wrong", True)


def test_metrics_of_a_running_server_warn() -> None:
    shown = (
        b"# TYPE x gauge\nbackroom_jobs_set_aside 2.0\nbackroom_store_write_failures_total 0.0\n"
    )
    health = b'{"status": "ok", "version": "1", "revisions": []}'
    with scripted(Answer(200, health), Answer(200, shown)) as script:
        said = found("port", Settings(port=urlsplit(script.url).port or 0))
    assert [(each.level, each.words) for each in said[1:]] == [
        ("warning", "2 jobs are set aside by this server")
    ]
