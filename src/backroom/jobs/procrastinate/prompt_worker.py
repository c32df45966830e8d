"""Procrastinate's worker without its late wake-ups: all use of the library's private parts.

Procrastinate's own `Worker` is correct, but there are three moments in which it goes to sleep
although there is something to do, until it polls again:

1. It fetches tasks until there are none, and then clears the event by which notifications wake it.
   A notification that arrives after the last fetch has looked and before that clearing is lost.
2. A task that waits for the lock of another one becomes free when that one ends. No notification
   says so.
3. A task that was deferred to a later moment comes due. No notification says so either; whoever
   deferred it calls `wake` at that moment.

`PromptWorker` counts wake-ups instead, and fetches again until none came during a fetch.

There is a fourth. If the connection is lost, the end of a task can't be written. The task's row
then stays "doing" under the number of this worker, which goes on living, and the account stays
locked. `PromptWorker` sees the failure at once and stops; `worker.py` starts a new one under
another number, and the row counts as one that a dead worker has left. (`worker.py` notices such
rows by public means too, some seconds later. So only speed depends on private parts.)

What it relies on, all of it private to Procrastinate and the same in 3.9 and 3.10:

- `_handle_notification(*, channel, notification)` is awaited for each notification;
- `_fetch_and_process_jobs()` is awaited to start all tasks that may start now, and looks at
  `_stop_event`;
- `_process_job(context)` is awaited to run a task and write its end, and lets a failure of writing
  the end through;
- `_new_job_event` and `_stop_event` are `asyncio.Event`s, and setting the first makes a sleeping
  worker fetch.

`private_parts_missing` compares that with the installed library. Where anything is missing,
`best_worker` gives Procrastinate's own `Worker`, which then has to poll more often.

All of it runs on the worker's event loop.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from backroom import events

if TYPE_CHECKING:
    from procrastinate.job_context import JobContext

log = logging.getLogger(__name__)

_WORKER_METHODS = {
    "_handle_notification": {"channel": "", "notification": ""},
    "_fetch_and_process_jobs": {},
    "_process_job": {"context": ""},
}
"""The private methods, and arguments with which it must be possible to call them."""
_WORKER_EVENTS = ("_new_job_event", "_stop_event")
POLL_SECONDS = 2.0
"""How often a `PromptWorker` polls. A notification can be lost with its connection."""
_PLAIN_POLL_SECONDS = 0.25
"""How often a plain worker polls, which sleeps through more than lost notifications."""


class PromptWorker(Worker):
    """A worker that starts a task as soon as it may start."""

    _wake_ups = 0

    def wake(self) -> None:
        """Fetch tasks now, or once more after the fetch that is under way."""
        self._wake_ups += 1
        self._new_job_event.set()

    async def _handle_notification(self, **notification: Any) -> None:
        self._wake_ups += 1
        await super()._handle_notification(**notification)

    async def _fetch_and_process_jobs(self) -> None:
        # All of this runs on one event loop, so the count changes only while we await. Whoever
        # wakes us after the last comparison sets the event after it was cleared for the last time.
        seen = -1
        while seen != self._wake_ups and not self._stop_event.is_set():
            seen = self._wake_ups
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]

    async def _process_job(self, context: JobContext) -> None:
        try:
            await super()._process_job(context)
        except ConnectorException as error:
            log.warning(events.TASK_END_NOT_WRITTEN, error.__cause__ or error)
            self.stop()  # type: ignore[no-untyped-call]
        self.wake()


def wake(worker: Worker) -> None:
    """Have a worker fetch tasks now. A plain one polls soon."""
    if isinstance(worker, PromptWorker):
        worker.wake()


def poll_seconds(worker_class: type[Worker]) -> float:
    """Give how often a worker of a class has to poll."""
    return POLL_SECONDS if issubclass(worker_class, PromptWorker) else _PLAIN_POLL_SECONDS


def best_worker(library_worker: type[Worker] = Worker) -> type[Worker]:
    """Give `PromptWorker`, or the library's own class where that has other private parts."""
    missing = private_parts_missing(library_worker)
    if not missing:
        return PromptWorker
    log.warning(
        events.PROCRASTINATE_UNKNOWN,
        procrastinate.__version__,
        ", ".join(missing),
        _PLAIN_POLL_SECONDS,
    )
    return library_worker


def private_parts_missing(library_worker: type[Worker]) -> list[str]:
    """Give what `PromptWorker` relies on and a class does not have, in words."""
    missing = []
    for name, arguments in _WORKER_METHODS.items():
        method = getattr(library_worker, name, None)
        if not inspect.iscoroutinefunction(method):
            missing.append(f"no coroutine {name}")
        elif not _takes(method, arguments):
            missing.append(f"{name} takes other arguments")
    # A worker that was only made starts nothing and opens no connection.
    made = library_worker(procrastinate.App(connector=procrastinate.SyncPsycopgConnector()))
    missing += [
        f"no event {name}"
        for name in _WORKER_EVENTS
        if not isinstance(getattr(made, name, None), asyncio.Event)
    ]
    return missing


def _takes(method: Any, arguments: dict[str, str]) -> bool:
    try:
        inspect.signature(method).bind(None, **arguments)
    except TypeError:
        return False
    return True
