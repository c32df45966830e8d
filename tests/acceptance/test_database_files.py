"""Databases that are new, old, newer than this version, or somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from support.client import Client
from support.wire_contract import KIND
from support.wire_requests import a_body

if TYPE_CHECKING:
    from support.process import Programs

ITEMS = KIND["item-create"]
COMMANDS = ["serve --port 0", "migrate", "keys list", "keys create --name robot", "keys revoke x"]

every_command = pytest.mark.parametrize("command", COMMANDS)


def execute(programs: Programs, sql: str) -> None:
    connection = apsw.Connection(str(programs.home / "backroom.db"))
    connection.execute(sql)
    connection.close()


def test_migrate_makes_the_database(programs: Programs) -> None:
    first = programs.run("migrate")
    assert first.wait() == 0
    assert first.output.splitlines()[0] == "applied 0001_catalog"
    second = programs.run("migrate")
    assert (second.wait(), second.output) == (0, "The database is up to date.\n")
    assert programs.serve().key.startswith("pk_")


def test_migrate_leaves_served_database_alone(programs: Programs) -> None:
    server = programs.serve()
    assert server.announced()
    assert programs.run("migrate").output == "The database is up to date.\n"
    assert server.stop() == 0


@every_command
def test_newer_database_is_refused(programs: Programs, command: str) -> None:
    programs.run("migrate")
    execute(programs, "insert into schema_migrations values (9999, '9999_later', '2030-01-01')")
    program = programs.run(*command.split())
    assert program.wait() == 1
    assert program.errors.startswith(
        "Error: This database has schema 9999, made by a later version"
    )
    assert len(program.errors.splitlines()) == 1


@every_command
def test_foreign_database_is_refused(programs: Programs, command: str) -> None:
    execute(programs, "create table items (colour text)")
    program = programs.run(*command.split())
    assert program.wait() == 1
    assert "Traceback" not in program.errors
    assert program.errors.splitlines()[-1].startswith("Error: ")


def test_removed_file_takes_nothing_more(programs: Programs) -> None:
    server = programs.serve()
    client = Client(server.url, server.key)
    assert client.get("/health").status == 200
    (programs.home / "backroom.db").unlink()
    assert client.post(ITEMS.path, a_body(client.revision, ITEMS)).status == 503
    for _ in range(2):
        assert client.get("/health").status == 503
    assert server.errors.count("not ready: ") == 1
    assert "backroom.db was removed while it was in use" in server.errors
    assert programs.run("status", "--url", server.url).wait() == 4


def test_health_alone_may_write(programs: Programs) -> None:
    """The event loop hands the look to a thread, where the last write is long ago."""
    server = programs.server(
        "-c",
        "from backroom.store import readiness; readiness.TRUSTED_SECONDS = -1;"
        "from backroom.cli import main; main()",
        *("serve", "--port", "0", "--format", "json"),
    )
    log = programs.home / "backroom.db-wal"
    assert server.announced()
    before = log.stat().st_size
    assert Client(server.url, "").get("/health").status == 200
    assert log.stat().st_size > before
