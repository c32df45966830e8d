"""Keys made, listed and revoked beside a running server."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from support.client import NEWEST, Client
from support.process import BACKROOM, until
from support.wire_contract import KIND
from support.wire_requests import a_body

if TYPE_CHECKING:
    from support.process import Programs, ServerProgram

ITEMS = KIND["item-create"]
LONGEST_AFTERLIFE = 1.0
"""Seconds that a revoked key may still open what it did."""
READING, WRITING = "catalogs:read", "catalogs:write"


@pytest.fixture
def server(programs: Programs) -> ServerProgram:
    """A server that has made its database and its first key."""
    server = programs.serve()
    assert server.announced(), server.errors
    return server


def created(programs: Programs, *flags: str) -> Any:
    program = programs.run("keys", "create", "--name", "robot", "--format", "json", *flags)
    assert program.wait() == 0, program.errors
    return msgspec.json.decode(program.output)


def listed(programs: Programs) -> Any:
    return msgspec.json.decode(programs.run("keys", "list", "--format", "json").output)


def reading_and_writing(url: str, key: str) -> tuple[int, int]:
    client = Client(url, key)
    body = a_body(NEWEST, ITEMS)
    return client.get(ITEMS.path).status, client.post(ITEMS.path, body).status


def test_new_key_opens_at_once(programs: Programs, server: ServerProgram) -> None:
    made = created(programs)
    assert (made["name"], made["account_name"], made["scopes"]) == ("robot", "default", None)
    assert made["account"] == server.said["account"]
    assert reading_and_writing(server.url, made["key"]) == (200, 202)


def test_text_is_the_key_alone(programs: Programs, server: ServerProgram) -> None:
    program = programs.run("keys", "create", "--name", "robot")
    assert reading_and_writing(server.url, program.output.strip()) == (200, 202)
    assert "not shown again" in program.errors


def test_scopes_are_all_it_may(programs: Programs, server: ServerProgram) -> None:
    reader = created(programs, "--scopes", READING)
    both = created(programs, "--scopes", f"{READING}, {WRITING}")
    assert reading_and_writing(server.url, reader["key"]) == (200, 403)
    assert reading_and_writing(server.url, both["key"]) == (200, 202)
    assert both["scopes"] == [READING, WRITING]


@pytest.mark.parametrize("scopes", ["catalogs", "catalogs:delete", "Catalogs:read", "read"])
def test_wrong_scope_is_wrong_usage(programs: Programs, scopes: str) -> None:
    program = programs.run("keys", "create", "--name", "robot", "--scopes", scopes)
    assert program.wait() == 2
    assert f"'{scopes}' is not a scope" in program.errors
    assert not (programs.home / "backroom.db").exists()


def test_accounts_have_catalogs_of_their_own(programs: Programs, server: ServerProgram) -> None:
    there, again = (created(programs, "--account", "other shop") for _ in range(2))
    assert there["account"] == again["account"] != server.said["account"]
    here = Client(server.url, server.key)
    job_id = here.post(ITEMS.path, a_body(NEWEST, ITEMS)).job_id
    path = f"{ITEMS.path}/{job_id}"
    assert [each.get(path).status for each in (here, Client(server.url, there["key"]))] == [
        200,
        404,
    ]


def test_list_tells_all_but_secrets(programs: Programs, server: ServerProgram) -> None:
    made = created(programs, "--scopes", READING)
    first, second = listed(programs)
    assert (first["name"], first["scopes"], first["hint"]) == ("first", None, server.key[-4:])
    assert (second["name"], second["scopes"], second["id"]) == ("robot", [READING], made["id"])
    text = programs.run("keys", "list").output
    assert len(text.splitlines()) == 2
    assert server.key not in text
    assert made["key"] not in text


def test_revoked_key_opens_nothing_more(programs: Programs, server: ServerProgram) -> None:
    made = created(programs)
    client = Client(server.url, made["key"])
    assert client.get(ITEMS.path).status == 200
    assert programs.run("keys", "revoke", made["id"]).wait() == 0
    revoked = time.monotonic()
    until(lambda: client.get(ITEMS.path).status == 401, "the key to be refused")
    assert time.monotonic() - revoked < LONGEST_AFTERLIFE
    assert [each["revoked_at"] is None for each in listed(programs)] == [True, False]


def test_unknown_key_is_not_revoked(programs: Programs) -> None:
    programs.run("migrate")
    program = programs.run("keys", "revoke", "nobody")
    assert program.wait() == 1
    assert program.errors == "Error: There is no key with the id nobody.\n"


def test_secrets_are_in_no_file(programs: Programs, server: ServerProgram) -> None:
    keys = [server.key, created(programs)["key"]]
    files = sorted(programs.home.glob("backroom.db*"))
    assert [file.suffix for file in files] == [".db", ".db-shm", ".db-wal"]
    held = b"".join(file.read_bytes() for file in files)
    server.stop()
    held += (programs.home / "backroom.db").read_bytes()
    assert b"robot" in held
    for key in keys:
        account, secret = key.split("_")[1:]
        assert account.encode() in held
        assert secret.encode() not in held
        assert bytes.fromhex(secret) not in held


def test_keys_come_before_any_server(programs: Programs) -> None:
    made = created(programs, "--account", "shop")
    server = programs.serve()
    assert server.said["key"] is None
    assert reading_and_writing(server.url, made["key"]) == (200, 202)


def test_ephemeral_server_has_one_key(programs: Programs) -> None:
    assert programs.serve("--ephemeral").announced()
    program = programs.run("keys", "create", "--name", "robot")
    assert program.wait() == 2
    assert "There is no database at backroom.db. A server with --ephemeral runs" in program.errors
    assert not (programs.home / "backroom.db").exists()
    assert created(programs, "--database", "named.db")["name"] == "robot"


FULL = "/dev/full"


@pytest.mark.skipif(not Path(FULL).exists(), reason="no device is always full here")
def test_key_that_nobody_saw_is_not_kept(programs: Programs) -> None:
    # 1. Neither the first key of a server is kept,
    command = [sys.executable, *BACKROOM, "serve", "--port", "0"]
    with Path(FULL).open("wb") as full:
        done = subprocess.run(
            command, cwd=programs.home, stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
        )
    assert done.returncode == 1
    assert b"can't be printed: No space left on device. No key was kept." in done.stderr
    assert b"Traceback" not in done.stderr
    assert listed(programs) == []
    # 2. nor one that is made later.
    command = [sys.executable, *BACKROOM, "keys", "create", "--name", "robot"]
    with Path(FULL).open("wb") as full:
        done = subprocess.run(
            command, cwd=programs.home, stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
        )
    assert (done.returncode, listed(programs)) == (1, [])
    # 3. The next start shows one that opens.
    server = programs.serve()
    assert reading_and_writing(server.url, server.key) == (200, 202)
