"""A whole server in one process: store, worker, application and HTTP, put together and run."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import uvicorn

from backroom.api.admission import Admission
from backroom.api.app import App
from backroom.api.limits import Limiter, SharedWindows, Windows
from backroom.api.protocol import HttpProtocol
from backroom.api.service import Service
from backroom.jobs.embedded_worker import EmbeddedWorker
from backroom.jobs.lifecycle import Status
from backroom.jobs.next_job import NextJob, unwatched
from backroom.store import keys, open_database
from backroom.store.keys import DEFAULT_ACCOUNT
from backroom.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from backroom.settings import Settings
    from backroom.store.database import Database, Transaction
    from backroom.store.keys import NewKey

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10
"""How long a request that is being answered may still take once the server is told to stop."""


class _Http(uvicorn.Server):
    """uvicorn, telling when it is ready and leaving signals to us.

    Its own handling raises a signal again after the shutdown, and the process would end by that
    signal instead of with 0.
    """

    when_ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Started:
    """What a server says when it is ready: its URL, and its first key where it just made one."""

    url: str
    first_key: NewKey | None


class Server:
    """One process that serves. `on_step` watches the worker's steps."""

    def __init__(self, settings: Settings, on_step: Callable[[str], None] | None = None) -> None:
        """Bind the port and open the database, so that what can't be had is known at once.

        Raises `OSError`, `StoreUnavailable` or `WrongDatabase`.
        """
        with contextlib.ExitStack() as opened:
            self._socket = _listen(settings.host, settings.port)
            opened.callback(self._socket.close)
            self.database = open_database(
                None if settings.ephemeral else settings.database,
                pipeline=settings.pipeline == "on",
            )
            opened.callback(self.database.close)
            self._workforce = workforce(
                self.database, next_job_of(self.database, settings, on_step)
            )
            service = _service(settings, self.database)
            self._app = App(
                service,
                self.database,
                public_url=settings.public_url,
                announce=self._workforce.announce,
            )
            self._http = _Http(_configured(self._app))
            # All is there: from here on `run` lets go of it, in its own order.
            opened.pop_all()
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def run(self, announce: Callable[[Started], None]) -> None:
        """Serve until told to stop, then finish what was begun."""
        try:
            first_key = self.database.write(_first_key).result()
            self._http.when_ready = lambda: announce(Started(self.url, first_key))
            self._workforce.start()
            self._http.run(sockets=[self._socket])
        finally:
            self._app.close()
            self._workforce.stop()
            self.database.close()
            self._socket.close()

    def stop(self) -> None:
        """Take no new work; `run` returns when what was begun is finished."""
        self._http.should_exit = True

    def stop_on_signals(self) -> None:
        """Stop at SIGTERM and SIGINT; the second one no longer waits for open requests."""

        def handle(_: int, __: FrameType | None) -> None:
            self._http.force_exit = self._http.should_exit
            self.stop()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, handle)


class Workforce(Protocol):
    """Whatever sees to it that the jobs which this process accepts are applied."""

    def start(self) -> None: ...
    def announce(self, account: str) -> None: ...
    def stop(self) -> None: ...


def next_job_of(
    database: Database, settings: Settings, on_step: Callable[[str], None] | None = None
) -> NextJob:
    """Make what applies jobs as the settings say."""
    return NextJob(
        database,
        delay=timedelta(seconds=settings.job_delay),
        show_queued=settings.show_queued,
        on_step=on_step or unwatched,
    )


def _service(settings: Settings, database: Database) -> Service:
    limiter = _limiter(settings, database)
    admission = Admission(database, settings.default_revision, limiter)
    return Service(admission, Status.QUEUED if settings.show_queued else Status.PROCESSING)


def _limiter(settings: Settings, database: Database) -> Limiter | None:
    """Make what counts requests, or nothing where there are no limits."""
    if settings.limits_scale is None:
        return None
    if not settings.limits_store and not isinstance(database, SqliteDatabase):
        log.warning("rate limits hold for this process alone: BACKROOM_LIMITS_STORE is not set")
    store = settings.limits_store
    return Limiter(settings.limits_scale, SharedWindows(store) if store else Windows())


def workforce(database: Database, next_job: NextJob) -> Workforce:
    """Make a worker in this process, or on a shared database what announces work to others."""
    if isinstance(database, SqliteDatabase):
        return EmbeddedWorker(database, next_job)
    # Procrastinate is only installed with the extra `postgres`.
    from backroom.jobs.procrastinate import schema
    from backroom.jobs.procrastinate.dispatcher import Dispatcher

    schema.prepare(database)
    return Dispatcher(database)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def _configured(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpProtocol,
        loop="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _first_key(tx: Transaction) -> NewKey | None:
    """Make the first account and its key, where the database is new."""
    if keys.has_accounts(tx):
        return None
    return keys.create(tx, DEFAULT_ACCOUNT, "first", [])
