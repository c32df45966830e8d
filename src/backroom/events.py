"""Every event that the log names: what is said of it, and what its values are called.

A log call gives one of these in place of a text, as in `log.warning(events.READY_AGAIN)`. On a
terminal the text is shown. A line of JSON has the name and each value as a member of its own, so
that programs need not read sentences. `ABOUT` adds what a line is about. The reference page
docs/reference/logs.md is made from this module.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

ABOUT: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("about", default=())
"""What the lines of a thread, a task or a greenlet are about: names of members with their values.

A request sets its id, a worker the job and its account.
"""


@contextmanager
def about(*members: tuple[str, str]) -> Iterator[None]:
    """Have the lines that are logged in the block say what they are about."""
    before = ABOUT.set((*ABOUT.get(), *members))
    try:
        yield
    finally:
        ABOUT.reset(before)


def carried(work: Callable[..., T]) -> Callable[..., T]:
    """Give work for another thread, whose lines are about the same as those of this one."""
    members = ABOUT.get()
    return partial(_about_the_same, members, work) if members else work


def _about_the_same(
    members: tuple[tuple[str, str], ...], work: Callable[..., T], *values: object
) -> T:
    before = ABOUT.set(members)
    try:
        return work(*values)
    finally:
        ABOUT.reset(before)


class Event(str):
    """The text of a line of the log, with the name of the event and the names of its values.

    A text has a `%s` for each value, as `logging` wants it.
    """

    __slots__ = ("members", "name")
    name: str
    members: tuple[str, ...]

    def __new__(cls, name: str, text: str, *members: str) -> Self:
        """Make one. `members` are the names of the values in `text`."""
        event = super().__new__(cls, text)
        event.name = name
        event.members = members
        return event


# Requests.
REQUEST_FAILED = Event("request_failed", "request %s failed", "request_id")
REQUESTS_NOT_LOGGED = Event(
    "requests_not_logged", "%d requests were not logged: the output is too slow", "requests"
)
REQUEST_MALFORMED = Event(
    "request_malformed", "%s sent a malformed request: %s", "client", "reason"
)
REQUEST_UNREADABLE = Event("request_unreadable", "a request could not be read")
CLIENT_HUNG_UP = Event(
    "client_hung_up", "%s closed the connection before its answer: %s", "client", "reason"
)
CLIENT_LET_GO = Event("client_let_go", "the connection of %s was closed: %s", "client", "reason")
CONTROL_FAILED = Event("control_failed", "%s %s failed", "method", "path")
WEBHOOKS_WAIT = Event("webhooks_wait", "webhooks wait until the database is back: %s", "error")
DELIVERIES_FAILED = Event(
    "deliveries_failed", "looking for deliveries failed and will be tried again"
)
DELIVERY_NOT_NOTED = Event("delivery_not_noted", "the result of a delivery could not be written")
DELIVERY_GIVEN_UP = Event(
    "delivery_given_up",
    "delivery %s was given up after %d tries: %s",
    "delivery",
    "tries",
    "error",
)
DATABASE_AWAY = Event(
    "database_away",
    "the database is away, and is tried again; this line is logged once a minute: %s",
    "error",
)
WORKER_HAS_DATABASE = Event("worker_has_database", "the worker has the database again")
IMPORT_FAILED = Event("import_failed", "an import of %s failed", "file")
PART_NOT_RENDERED = Event(
    "part_not_rendered", "a part of the dashboard could not be rendered, and is tried again"
)
PART_WITHOUT_DATABASE = Event(
    "part_without_database",
    "a part of the dashboard waits for the database: %s",
    "reason",
)
OPERATION_NOT_SERVED = Event("operation_not_served", "%s", "reason")
REVISION_RETIRED = Event(
    "revision_retired", "requests use revision %s, retired on %s", "revision", "retired_on"
)
LIMITS_NOT_SHARED = Event(
    "limits_not_shared",
    "each process counts rate limits for itself: BACKROOM_LIMITS_STORE is not set",
)
LIMITS_STORE_LOST = Event(
    "limits_store_lost", "the store of limits is away, this process counts for itself: %s", "error"
)

# Jobs.
JOB_TRIED_AGAIN = Event(
    "job_tried_again",
    "job %s of account %s will be tried again in %g seconds: %r",
    "job_id",
    "account",
    "seconds",
    "error",
)
JOB_OPERATIONS_FAILED = Event(
    "job_operations_failed",
    "the server failed at %d operations of job %s of account %s; the traceback is of the first:",
    "operations",
    "job_id",
    "account",
)
JOB_WAITS_AFTER_DEATH = Event(
    "job_waits_after_death",
    "workers have died at job %s of account %s; it starts again in %g seconds",
    "job_id",
    "account",
    "seconds",
)
JOB_DEADLY = Event(
    "job_deadly",
    "workers have died or failed too often at job %s of account %s",
    "job_id",
    "account",
)
JOB_GIVEN_UP = Event(
    "job_given_up",
    "job %s of account %s can't be applied: all its operations have failed",
    "job_id",
    "account",
)
JOB_SET_ASIDE = Event(
    "job_set_aside",
    "job %s of account %s is set aside for %g seconds, and later ones go on: %s",
    "job_id",
    "account",
    "seconds",
    "error",
)

# Workers.
ACCOUNT_FAILED = Event(
    "account_failed", "a job of account %s failed and will be tried again", "account"
)
ACCOUNT_WAITS = Event("account_waits", "account %s waits for the store: %s", "account", "error")
ACCOUNT_LEFT_TO_SWEEP = Event("account_left_to_sweep", "account %s is left to the sweep", "account")
ACCOUNT_NOT_ANNOUNCED = Event(
    "account_not_announced",
    "account %s could not be announced; the sweep will find it: %s",
    "account",
    "error",
)
WORK_NOT_ANNOUNCED = Event(
    "work_not_announced", "new work could not be announced; the sweep will find it: %s", "error"
)
ANNOUNCING_FAILED = Event(
    "announcing_failed", "new work could not be announced; the sweep will find it"
)
WORKER_FAILED = Event("worker_failed", "the worker failed and will try again")
WORKER_LOST_DATABASE = Event(
    "worker_lost_database", "the worker has lost the database: %s", "error"
)
WORKER_RENUMBERED = Event("worker_renumbered", "the worker starts again, under another number")
WORKER_RESTARTED = Event("worker_restarted", "the worker failed and will start again")
WORKER_ENDED = Event("worker_ended", "this server applies no more jobs: %s", "error")
WORKER_DIED = Event("worker_died", "a worker has stopped in the middle of %s", "task")
WORKERS_MISSING = Event(
    "workers_missing",
    "jobs wait: no worker has been alive for %d seconds. Run `backroom work` on this "
    "database, or this server with --worker on",
    "seconds",
)
WORKERS_BACK = Event("workers_back", "a worker is alive again")
WATCHING_WORKERS_FAILED = Event(
    "watching_workers_failed", "looking for workers failed and will be tried again"
)
CLOCK_NOT_FOLLOWED = Event(
    "clock_not_followed", "the worker does not follow the clock: %s", "error"
)
TASK_END_MISSING = Event("task_end_missing", "the end of a task is missing in the queue")
TASK_END_NOT_WRITTEN = Event(
    "task_end_not_written", "the end of a task could not be written: %s", "error"
)
QUEUE_MIGRATED = Event(
    "queue_migrated", "the tables of Procrastinate were migrated: %s", "migration"
)
PROCRASTINATE_UNKNOWN = Event(
    "procrastinate_unknown",
    "Procrastinate %s is not known to this version of backroom (%s): jobs start later, by"
    " up to %s seconds",
    "version",
    "backroom_version",
    "seconds",
)

# The database.
STORE_UNAVAILABLE = Event("store_unavailable", "the store is unavailable: %s", "error")
NOT_READY = Event("not_ready", "not ready: %s", "reason")
READY_AGAIN = Event("ready_again", "ready again")
TRANSACTION_ROLLED_BACK = Event(
    "transaction_rolled_back", "a transaction was rolled back: %s", "error"
)
TRANSACTION_TRIED_AGAIN = Event(
    "transaction_tried_again", "a transaction is tried again: %s", "error"
)
ROLLBACK_FAILED = Event("rollback_failed", "a rollback failed: %s", "error")
STATEMENT_FAILED = Event("statement_failed", "statement %r failed: %s", "statement", "error")
STATEMENT_NOT_BEGUN = Event(
    "statement_not_begun",
    "statement %r was not started: all threads that read are busy",
    "statement",
)
STATEMENT_ASKED_AGAIN = Event(
    "statement_asked_again",
    "statement %r is asked again on a connection of its own: %s",
    "statement",
    "reason",
)
CONNECTION_LOST = Event(
    "connection_lost",
    "a connection to PostgreSQL is lost: %s; it was at: %s",
    "reason",
    "statements",
)
SESSION_ENDED = Event(
    "session_ended", "a session was ended that held an account, and whose client is gone"
)
PIPELINES_ABSENT = Event(
    "pipelines_absent", "psycopg %s lacks %s: no pipelines", "version", "lacks"
)
DATABASE_SETTING_UNUSED = Event(
    "database_setting_unused", "the server is ephemeral, and does not use BACKROOM_DATABASE"
)

# Signals.
TELEMETRY_MISSING = Event(
    "telemetry_missing",
    "a variable asks for OpenTelemetry, which is not installed: pip install 'backroom[otel]'",
)

_BY_OTHERS = Event("library", "%s")


def event_of(message: object) -> Event:
    """Give the event of a line, `library` for the line of a library, which has a text only."""
    return message if isinstance(message, Event) else _BY_OTHERS


EVENTS = {each.name: each for each in list(globals().values()) if isinstance(each, Event)}
"""All of them by name."""
