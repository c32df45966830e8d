"""A server from its command line to its first answer."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from support.client import Client
from support.process import connects, until
from support.wire_contract import KIND
from support.wire_requests import a_body

if TYPE_CHECKING:
    from support.process import Programs

ITEMS = KIND["item-create"]
KEY = re.compile(r"pk_[A-Za-z0-9]{6}_[0-9a-f]{32}")
SLOWEST_START = 3.0


def test_serve_says_url_and_key(programs: Programs) -> None:
    server = programs.start("serve", "--port", "0")
    until(lambda: KEY.search(server.output) is not None, "the first key")
    url, dashboard = re.findall(r"http://127\.0\.0\.1:\d+\S*", server.output)
    assert dashboard.startswith(f"{url}/_backroom/?token=")
    (key,) = KEY.findall(server.output)
    assert Client(url, key).get(ITEMS.path).status == 200


def test_second_start_says_no_key(programs: Programs) -> None:
    key = (first := programs.serve()).key
    first.stop()
    second = programs.start("serve", "--port", "0")
    until(lambda: "http://" in second.output, "the second start")
    until(lambda: "1 key opens its database" in second.output, "the number of keys")
    assert "To make another: backroom keys create --name NAME" in second.output
    second.stop()
    assert not KEY.search(second.output + second.errors)
    assert Client((third := programs.serve()).url, key).get(ITEMS.path).status == 200
    assert third.said["key"] is None


def test_json_tells_five_facts(programs: Programs) -> None:
    said = programs.serve().said
    assert sorted(said) == ["account", "control_token", "key", "url", "version"]
    assert KEY.fullmatch(said["key"])
    assert said["account"] == said["key"].split("_")[1]


def test_free_ports_are_different(programs: Programs) -> None:
    servers = [programs.serve("--ephemeral"), programs.serve("--ephemeral")]
    assert servers[0].port != servers[1].port


def test_only_loopback_is_listened_on(programs: Programs) -> None:
    port = programs.serve().port
    assert connects("127.0.0.1", port)
    # All of 127/8 is this machine, so a server on every address would answer here too.
    assert not connects("127.0.0.2", port)


def test_start_is_quick(programs: Programs) -> None:
    seconds = []
    for _ in range(3):
        server = programs.serve("--ephemeral")
        until(server.announced, "a start")
        seconds.append(time.monotonic() - server.began)
    assert min(seconds) < SLOWEST_START


def test_announced_server_answers_at_once(programs: Programs) -> None:
    server = programs.serve()
    client = Client(server.url, server.key)
    assert client.post(ITEMS.path, a_body(client.revision, ITEMS)).status == 202


def test_taken_port_is_told(programs: Programs) -> None:
    port = programs.serve().port
    second = programs.run("serve", "--port", str(port), "--ephemeral")
    assert second.wait() == 1
    assert "Address already in use" in second.errors
    assert str(port) in second.errors
    assert "Traceback" not in second.errors


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_missing_directory_is_told(programs: Programs, command: str) -> None:
    program = programs.run(command, "--database", "nowhere/shop.db")
    assert program.wait() == 2
    assert program.errors.splitlines()[-1] == (
        f"Error: There is no folder {programs.home.resolve()}/nowhere for the database"
        " nowhere/shop.db. Make the folder, or name another file with --database"
        " (BACKROOM_DATABASE)."
    )


def test_other_files_are_no_databases(programs: Programs) -> None:
    (programs.home / "shop.db").write_text("Dear diary, " * 100)
    program = programs.run("serve", "--database", "shop.db")
    assert program.wait() == 1
    assert program.errors.endswith("file is not a database\n")
    assert "Traceback" not in program.errors


def test_ephemeral_server_leaves_no_file(programs: Programs) -> None:
    scratch = programs.home / "scratch"
    scratch.mkdir()
    server = programs.serve("--ephemeral", TMPDIR=str(scratch))
    client = Client(server.url, server.key)
    client.completed(ITEMS.path, client.post(ITEMS.path, a_body(client.revision, ITEMS)).job_id)
    assert list(scratch.iterdir()) != []
    assert server.stop() == 0
    assert list(scratch.iterdir()) == []
    assert not (programs.home / "backroom.db").exists()
