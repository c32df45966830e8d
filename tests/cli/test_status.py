from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from backroom.cli import EXIT_UNREACHABLE, main
from conftest import running
from feeds.scripted_server import Answer, scripted
from support.engines import end_sessions
from support.process import until

if TYPE_CHECKING:
    from click.testing import Result


def status(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["status", *arguments], env=environment)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize("end", ["", "/"])
def test_ready_server_ends_with_0(server_url: str, end: str) -> None:
    result = status("--url", server_url + end)
    assert result.exit_code == 0
    assert result.output.startswith("ok: backroom ")
    assert result.output.endswith(f" at {server_url}\n")


def test_json_has_the_whole_answer(server_url: str) -> None:
    said = json.loads(status("--url", server_url, "--format", "json").stdout)
    assert (said["url"], said["status"], said["worker"]) == (server_url, "ok", "here")


def test_settings_of_the_server_count(server_url: str) -> None:
    port = str(urlsplit(server_url).port)
    for host in ("127.0.0.1", "0.0.0.0"):
        result = status(BACKROOM_PORT=port, BACKROOM_HOST=host)
        assert (result.exit_code, server_url in result.output) == (0, True)


def test_url_wins_over_the_port(server_url: str, free_port: int) -> None:
    assert status(BACKROOM_URL=server_url, BACKROOM_PORT=str(free_port)).exit_code == 0


def test_no_server_ends_with_4(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    result = status(BACKROOM_PORT=str(free_port))
    assert (result.exit_code, result.stderr) == (EXIT_UNREACHABLE, f"No server answers at {url}.\n")
    assert EXIT_UNREACHABLE == 4
    said = json.loads(status("--url", url, "--format", "json").stdout)
    assert said == {"url": url, "status": "unreachable"}


@pytest.mark.parametrize("url", ["banana", "http://", "ftp://host", "http://a b", "http://h:x"])
def test_wrong_urls_are_wrong_usage(url: str) -> None:
    result = status("--url", url)
    assert result.exit_code == 2
    assert f"{url!r} is not a URL. Write it as http://127.0.0.1:7227" in result.stderr
    assert "BACKROOM_URL" in status(BACKROOM_URL=url).stderr


def test_port_0_names_no_server() -> None:
    assert "Give its --url" in status(BACKROOM_PORT="0").stderr


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>\x1b[2J"),
        Answer(200, b"\xff\xfe"),
        Answer(200, b"[" * 100_000),
        Answer(200, ["ok"]),
        Answer(404, {"status": "ok", "version": "1"}),
    ],
    ids=range(5),
)
def test_other_servers_are_not_ready(answer: Answer) -> None:
    with scripted(answer) as script:
        result = status("--url", script.url)
    assert result.exit_code == EXIT_UNREACHABLE
    assert result.stderr == f"What answers at {script.url} is not backroom.\n"


@pytest.mark.parametrize(
    ("health", "words", "code"),
    [
        ({"status": "unavailable"}, "unavailable: backroom 1 on sqlite at", 4),
        ({"status": "unavailable"}, "`backroom doctor` says more", 4),
        ({"status": "ok", "worker": "missing"}, "jobs wait, because no worker is alive", 0),
        ({"status": "ok", "version": "\x1b[2J"}, r"backroom \x1b[2J", 0),
    ],
)
def test_what_is_wrong_is_said(health: dict[str, Any], words: str, code: int) -> None:
    with scripted(Answer(200, {"version": "1", "database": "sqlite", **health})) as script:
        result = status("--url", script.url)
    assert (result.exit_code, words in result.output) == (code, True)


@pytest.mark.slow
def test_read_only_postgres_is_not_ready(postgres_url: str) -> None:
    name = urlsplit(postgres_url).path[1:]

    def answered(code: int) -> bool:
        return status("--url", server.url).exit_code == code

    with running(postgres_url, limits="off") as server:
        for word, code in (("on", EXIT_UNREACHABLE), ("off", 0)):
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                made = sql.SQL(f"alter database {{}} set default_transaction_read_only = {word}")
                with connection.transaction():
                    connection.execute("set transaction read write")
                    connection.execute(made.format(sql.Identifier(name)))
            end_sessions(postgres_url)
            until(lambda code=code: answered(code), "the answer")  # type: ignore[misc]
