"""Who applies the jobs that a server on PostgreSQL accepts: the server itself, or other processes.

Both announce accounts with new work through a `Dispatcher`, so any worker may take them: order and
turns do not depend on the process that applies a job.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from backroom import events
from backroom.store import task_queue
from backroom.store.database import StoreUnavailable
from backroom.store.migrate import WrongDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.jobs.procrastinate.dispatcher import Dispatcher
    from backroom.jobs.procrastinate.worker import QueueWorker
    from backroom.store.database import Database

log = logging.getLogger(__name__)

MISSING_SECONDS = 60.0
"""How long no worker must have been alive before somebody is warned."""
_WORKER_LOOK_SECONDS = 10.0
_RETRY_SECONDS = 1.0


class OwnWorker:
    """A queue worker in a thread of the server."""

    def __init__(self, dispatcher: Dispatcher, make_worker: Callable[[], QueueWorker]) -> None:
        self._dispatcher = dispatcher
        self._make_worker = make_worker
        self._worker = make_worker()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backroom-worker")
        self.announce = dispatcher.announce
        self.asked = task_queue.queue_signals

    def start(self) -> None:
        """Begin to announce and to apply."""
        self._dispatcher.start()
        self._thread.start()

    def state(self) -> str:
        """Say where jobs are applied."""
        return "here" if self._thread.is_alive() else "missing"

    def stop(self) -> None:
        """Finish the jobs that are being applied, and end both threads."""
        self._dispatcher.stop()
        self._stopping.set()
        self._worker.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._worker.run_in_thread()
            except WrongDatabase as error:
                log.error(events.WORKER_ENDED, error)  # noqa: TRY400
                return
            except Exception:
                log.exception(events.WORKER_RESTARTED)
            if not self._stopping.wait(_RETRY_SECONDS):
                self._worker = self._make_worker()


class OtherWorkers:
    """Workers of other processes, with a thread that warns when there are none."""

    def __init__(self, database: Database, dispatcher: Dispatcher) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._alive_at = time.monotonic()
        """When a worker was last alive; a server that starts gives them time to start too."""
        self._missing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="backroom-watch")
        self.announce = dispatcher.announce
        self.asked = task_queue.queue_signals

    def start(self) -> None:
        """Begin to announce and to watch."""
        self._dispatcher.start()
        self._thread.start()

    def state(self) -> str:
        """Say where jobs are applied."""
        return "missing" if self._missing else "elsewhere"

    def stop(self) -> None:
        """End both threads."""
        self._stopping.set()
        self._dispatcher.stop()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look for workers, and log where that changed."""
        try:
            with self._database.read() as tx:
                silence = task_queue.seconds_since_heartbeat(tx)
        except StoreUnavailable:
            # The server's own lines say so anyway.
            return
        now = time.monotonic()
        if silence is not None:
            self._alive_at = max(self._alive_at, now - silence)
        missing = now - self._alive_at > MISSING_SECONDS
        if missing and not self._missing:
            log.warning(events.WORKERS_MISSING, MISSING_SECONDS)
        elif self._missing and not missing:
            log.warning(events.WORKERS_BACK)
        self._missing = missing

    def _watch(self) -> None:
        while not self._stopping.wait(_WORKER_LOOK_SECONDS):
            try:
                self.look()
            except Exception:
                log.exception(events.WATCHING_WORKERS_FAILED)
