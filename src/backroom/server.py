"""A whole server in one process: store, worker, application and HTTP, put together and run."""

from __future__ import annotations

import contextlib
import logging
import secrets
import signal
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from backroom import events
from backroom.api.admission import Admission
from backroom.api.app import App
from backroom.api.asked_revision import AskedRevision
from backroom.api.deadlines import TimeLimits
from backroom.api.fixed_keys import FixedKeys
from backroom.api.http_server import server_for
from backroom.api.in_process import ApiCalls
from backroom.api.limits import Limiter, SharedWindows, Windows
from backroom.api.mounted import Mounted
from backroom.api.service import Service
from backroom.control.route import Control
from backroom.jobs.embedded_worker import EmbeddedWorker
from backroom.jobs.keeping import Keeping
from backroom.jobs.lifecycle import Status
from backroom.jobs.next_job import NextJob, unwatched
from backroom.jobs.pacing import Pacing
from backroom.settings import Settings, read_fixed_key
from backroom.signals.metrics import Metrics
from backroom.signals.scrapes import Scrapes
from backroom.store import keys, open_database
from backroom.store.keys import DEFAULT_ACCOUNT
from backroom.store.migrate import WrongDatabase
from backroom.store.sqlite import SqliteDatabase
from backroom.testing.clock import clock_of
from backroom.testing.pace import ScriptedPace
from backroom.testing.wishes import read_wish
from backroom.webhooks.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from backroom.api.mounted import Asgi
    from backroom.api.observer import Observer
    from backroom.signals.telemetry import Telemetry
    from backroom.store.database import Database, Transaction
    from backroom.store.keys import NewKey
    from backroom.store.signals import Signal
    from backroom.testing.faults import Faults
    from backroom.testing.journal import Journal

log = logging.getLogger(__name__)

_REQUEST_CONNECTIONS = 20
"""Of PostgreSQL: 16 for requests, 4 for periodic tasks; a worker takes one for each account."""


@dataclass(frozen=True)
class Started:
    """What a server reports when it is ready: its URL, and its first key if it just made one.

    `keys` is how many keys there are that are not revoked. `fixed_key` is the first one that the
    settings fix, after the id of its account. `control_token` opens the control API.
    """

    url: str
    first_key: NewKey | None
    keys: int
    fixed_key: tuple[str, str] | None = None
    control_token: str = ""


class Server:
    """One process that serves. `on_step` watches the worker's steps."""

    def __init__(self, settings: Settings, on_step: Callable[[str], None] | None = None) -> None:
        """Bind the port and open the database, so that a failure is known at once.

        Raises `OSError`, `StoreUnavailable` or `WrongDatabase`.
        """
        with contextlib.ExitStack() as opened:
            self.clock = clock_of(settings)
            opened.callback(self.clock.let_go)
            self._socket = _listen(settings.host, settings.port)
            opened.callback(self._socket.close)
            self.database = _opened_database(settings)
            opened.callback(self.database.close)
            if settings.seed:
                _check_empty(self.database)
            pacing = Pacing()
            self.next_job = next_job_of(self.database, settings, on_step, pacing)
            self._workforce = workforce(self.database, self.next_job, settings)
            self.pace = _scripted_pace(settings, pacing, self._workforce.announce)
            opened.callback(self.pace.stop)
            self.webhooks = Sender(self.database, private=settings.webhook_private)
            self._keys = FixedKeys()
            self.control_token = settings.control_token or secrets.token_urlsafe(24)
            limiter = _limiter(settings, self.database)
            self._control = Control(
                self.database,
                settings,
                {
                    "announce": self._workforce.announce,
                    "state": self._workforce.state,
                    "clock": self.clock,
                    "pace": self.pace,
                    "limiter": limiter,
                    "webhooks": self.webhooks,
                    "turns": self.next_job.turns,
                },
            )
            self._app = App(
                _service(settings, self.database, self._keys, limiter),
                self.database,
                public_url=settings.public_url,
                announce=self._workforce.announce,
                worker=self._workforce.state,
                pacing=pacing,
            )
            self._calls = ApiCalls(self._app, self._keys.own_key)
            self._control.parts |= {"call": self._calls.call, "touches": self._app.touches}
            self._app.mount(Mounted(self._control_application))
            self._http = server_for(
                self._app, TimeLimits.of(settings), plain=settings.http == "plain"
            )
            opened.callback(self._show_metrics(settings))
            # Everything is open. From here on `run` closes it, in its own order.
            opened.pop_all()
        self._catches_signals = False
        self._making = threading.Lock()
        self._faults: Faults | None = None
        self.journal = self._new_journal() if settings.keeps_journal else None
        """The last requests, or None if they are not kept."""
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def _show_metrics(self, settings: Settings) -> Callable[[], None]:
        """Count requests and jobs, show what is counted, and give what ends that."""
        self._end_metrics: Callable[[], None] = nothing_to_end
        if settings.metrics == "off":
            return self._end_metrics
        metrics = Metrics(self.database, "server")
        scrapes = Scrapes(metrics)
        metrics.sources += [self._http.signals, self.webhooks.signals]
        watch_jobs(metrics, self.next_job, self._workforce.asked)
        self.observe(metrics.requests)
        if settings.metrics_port:
            self._end_metrics = scrapes.serve(settings.host, settings.metrics_port)
        else:
            self._app.metrics = scrapes.text
        return self._end_metrics

    def _new_journal(self) -> Journal:
        # A server without a journal starts sooner.
        from backroom.testing.journal import Journal

        journal = Journal()
        self.observe(journal)
        return journal

    @property
    def faults(self) -> Faults:
        """The faults that tests inject. A server on which nobody asks for them pays nothing."""
        from backroom.testing.faults import Faults

        with self._making:
            if self._faults is None:
                self._faults = Faults(self.observe)
            return self._faults

    @property
    def control(self) -> Control:
        """What the functions of the control API work on."""
        parts = {"faults": self.faults, "journal": self.journal, "url": self.url}
        self._control.parts |= parts
        return self._control

    def observe(self, observer: Observer) -> None:
        """Have an observer watch all requests from now on."""
        self._app.watchers.observe(observer)

    def tell(self, telemetry: Telemetry) -> None:
        """Have OpenTelemetry watch all requests and jobs from now on."""
        if telemetry.spans is not None:
            self._app.watchers.trace(telemetry.spans)
            self.next_job.watch.add(telemetry.spans)
        if telemetry.meters is not None:
            telemetry.meters.active = self._app.watchers.count_active()
            self._app.watchers.observe(telemetry.meters)

    def _control_application(self) -> Asgi:
        """Make what is beside the API, of whose libraries other servers import none."""
        from backroom.control.application import control_application
        from backroom.control.guard import Guard
        from backroom.dashboard.mount import BesideApi

        self._control.parts["find_key"] = self._keys.find
        host, _ = self._socket.getsockname()[:2]
        guard = Guard(self.control_token, self._control.settings.public_url, host)

        def make_dashboard() -> Asgi:
            from backroom.dashboard.application import dashboard_application

            return dashboard_application(self.control, guard, self.control_token, self.observe)

        return BesideApi(make_dashboard, control_application(self.control, guard))

    def run(self, announce: Callable[[Started], None]) -> None:
        """Serve until `stop` is called, then finish the requests and jobs in progress."""
        try:
            settings = self._control.settings
            first_key = None if settings.key else self.database.write(_first_key).result()
            fixed = map(read_fixed_key, settings.key)
            self._keys.prepare(self.database, fixed, opens_all=settings.open)
            self._workforce.start()
            self.webhooks.start()
            self._http.run(self._socket, lambda: self._is_ready(announce, first_key))
        finally:
            self._end_metrics()
            self._end_imports()
            self._app.close()
            self.pace.stop()
            self._workforce.stop()
            self.webhooks.stop()
            self.database.close()
            self._socket.close()
            self.clock.let_go()

    def _end_imports(self) -> None:
        """End the imports of the dashboard, whose keys are revoked with them."""
        if (imports := self._control.parts.get("imports")) is not None:
            imports.close()

    def _is_ready(self, announce: Callable[[Started], None], first_key: NewKey | None) -> None:
        if self._catches_signals:
            self._catch_signals()
        self._calls.serve_here()
        with self.database.read() as tx:
            started = Started(
                self.url, first_key, keys.count(tx), self._keys.first, self.control_token
            )
        try:
            announce(started)
        except BaseException:
            # Nobody has seen the key, and it is not shown again. The next start makes another.
            if first_key is not None:
                self.database.write(lambda tx: keys.remove(tx, first_key)).result()
            raise

    def stop(self) -> None:
        """Take no new work; `run` returns when the requests and jobs in progress are finished.

        Called again, `run` no longer waits for open requests.
        """
        if self.journal is not None:
            self.journal.let_go()
        self._http.stop()

    def stop_on_signals(self) -> None:
        """Stop at SIGTERM and SIGINT, as `stop` does, also at the second one.

        uvicorn, where it serves, handles both signals by itself while it runs, and raises each
        again when it has ended. By then our handlers are back, so the process ends with 0 and not
        by the signal. At a second SIGTERM uvicorn would still wait: so our handlers also replace
        its own as soon as the server is ready.
        """
        self._catches_signals = True
        self._catch_signals()

    def _catch_signals(self) -> None:
        def handle(_: int, __: FrameType | None) -> None:
            self.stop()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, handle)


class Workforce(Protocol):
    """Applies the jobs that this process accepts, or has them applied elsewhere."""

    def start(self) -> None: ...
    @property
    def announce(self) -> Callable[[str], None]: ...
    @property
    def asked(self) -> Callable[[Transaction], list[Signal]]: ...
    def state(self) -> str: ...
    def stop(self) -> None: ...


def watch_jobs(
    metrics: Metrics, next_job: NextJob, asked: Callable[[Transaction], list[Signal]]
) -> None:
    """Have metrics show the jobs that a worker applies, and what the database says of workers."""
    next_job.watch.add(metrics.jobs)
    metrics.sources.append(next_job.turns.aside.signals)
    metrics.questions.append(asked)


def next_job_of(
    database: Database,
    settings: Settings,
    on_step: Callable[[str], None] | None = None,
    pacing: Pacing | None = None,
) -> NextJob:
    """Make the object that applies the next job, as the settings say."""
    return NextJob(
        database,
        delay=timedelta(seconds=settings.job_delay),
        show_queued=settings.show_queued,
        pacing=pacing,
        keeping=Keeping(settings.kept_operations),
        on_step=on_step or unwatched,
    )


def _scripted_pace(
    settings: Settings, pacing: Pacing, announce: Callable[[str], None]
) -> ScriptedPace:
    """Make the part by which tests set the pace of jobs.

    With a seed, or a clock of its own, each job is planned from the start. Then answers wait for
    the worker, and never depend on which of the two is quicker.
    """
    usual = read_wish({"times": "always", "after_seconds": settings.job_delay})
    return ScriptedPace(
        pacing, announce, usual if settings.seed or settings.clock != Settings.clock else None
    )


def _opened_database(settings: Settings) -> Database:
    return open_database(
        None if settings.ephemeral else settings.database,
        least=_REQUEST_CONNECTIONS + settings.concurrency if settings.worker == "on" else 0,
        pipeline=settings.pipeline == "on",
    )


def _service(
    settings: Settings, database: Database, fixed: FixedKeys, limiter: Limiter | None
) -> Service:
    admission = Admission(database, AskedRevision(settings), limiter, fixed.find)
    return Service(admission, Status.QUEUED if settings.show_queued else Status.PROCESSING)


def _limiter(settings: Settings, database: Database) -> Limiter | None:
    """Make the limiter that counts requests, or None if there are no limits."""
    if settings.limits_scale is None:
        return None
    if not settings.limits_store and not isinstance(database, SqliteDatabase):
        log.warning(events.LIMITS_NOT_SHARED)
    store = settings.limits_store
    return Limiter(settings.limits_scale, SharedWindows(store) if store else Windows())


def workforce(database: Database, next_job: NextJob, settings: Settings) -> Workforce:
    """Make what applies the jobs that a server accepts, or sees that they are applied elsewhere."""
    if isinstance(database, SqliteDatabase):
        return EmbeddedWorker(database, next_job)
    # Procrastinate is only installed with the extra `postgres`.
    from backroom.jobs.procrastinate import schema
    from backroom.jobs.procrastinate.dispatcher import Dispatcher
    from backroom.jobs.procrastinate.workforce import OtherWorkers, OwnWorker

    schema.prepare(database)
    dispatcher = Dispatcher(database)
    if settings.worker == "off":
        return OtherWorkers(database, dispatcher)
    from backroom.jobs.procrastinate.worker import QueueWorker

    return OwnWorker(dispatcher, lambda: QueueWorker(database, next_job, settings.concurrency))


def nothing_to_end() -> None:
    """End nothing."""


def _check_empty(database: Database) -> None:
    """Raise `WrongDatabase` where ids that a seed repeats may be there already."""
    with database.read() as tx:
        if keys.has_accounts(tx):
            raise WrongDatabase(
                "a seed repeats ids, so it needs an empty database: use --ephemeral or another one"
            )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def _first_key(tx: Transaction) -> NewKey | None:
    """Make the first account and its key, if the database is new."""
    if keys.has_accounts(tx):
        return None
    return keys.create(tx, DEFAULT_ACCOUNT, "first", [])
