"""Bulk jobs as rows, and the operations that wait in them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from backroom import clock
from backroom.store import webhooks
from backroom.store.job_rows import Job, NewJob, Waiting

__all__ = ["Job", "NewJob", "Waiting"]

if TYPE_CHECKING:
    from collections.abc import Collection

    from backroom.store.database import Row, Transaction
    from backroom.store.dialects import Dialect

_JOB_COLUMNS = (
    "job_id, type, status, created_at, expires_at, completed_at,"
    " total_count, completed_count, failed_count, errors, linkage"
)
LINKED = "linked"
"""The column that says whether a job's `linkage` names any resource."""
_NOTHING = "[]"
_NO_TRY_LEFT = 1000
_COUNT_COLUMNS = {"total_count", "completed_count", "failed_count"}
_BOUND_VALUES = ", ".join(f":{column}" for column in ("account", *_JOB_COLUMNS.split(", ")))


def accept(tx: Transaction, new: NewJob, most: int) -> str | None:
    """Store a new job and give its id, as `Database.accept` says.

    An account's jobs are accepted one after the other, on any number of servers. Without the lock a
    job with a greater id could be committed, seen and applied before one with a lesser id. And
    several requests could count the same jobs, and together exceed `most`.
    """
    tx.exclusively(new.lock)
    in_progress, latest = standing(tx, new.account)
    if in_progress >= most:
        return None
    job = new.job
    if job.job_id <= latest:
        # The clock of another process is ahead of this one's, or a later request came first.
        moment = datetime.fromisoformat(job.created_at)
        job = job._replace(job_id=clock.new_ulid(moment, latest))
    insert(tx, new.account, job, new.operations, new.trace)
    return job.job_id


def insert(
    tx: Transaction, account: str, job: Job, operations: str, trace: str | None = None
) -> None:
    """Store a new job with the operations that wait in it."""
    tx.run(
        f"insert into jobs (account, {_JOB_COLUMNS}) values ({_BOUND_VALUES})",
        account=account,
        **job._asdict(),
    )
    tx.run(
        "insert into job_operations (account, job_id, operations, trace)"
        " values (:account, :job_id, :operations, :trace)",
        account=account,
        job_id=job.job_id,
        operations=operations,
        trace=trace,
    )


def standing(tx: Transaction, account: str) -> tuple[int, str]:
    """Count the jobs of an account that aren't complete, and give the greatest id of its jobs.

    The id is an empty text if the account has no jobs.
    """
    row = tx.one(
        "select (select count(*) from jobs where account = :account and completed_at is null),"
        " (select job_id from jobs where account = :account order by job_id desc limit 1)",
        account=account,
    )
    return (row[0], row[1] or "") if row else (0, "")


class InProgress(NamedTuple):
    """A job that is not complete."""

    account: str
    job_id: str
    created_at: str


class JobQuestion(NamedTuple):
    """Which jobs a page holds: at most `size` of a type, in the order of their ids.

    Jobs with an id below `least` have expired and are never on it. With a `job_id` the page holds
    only that job, with a `status` only jobs in it. The page begins beyond the id `border` and goes
    up from it (the oldest first) if `ascending`, else down.
    """

    type: str
    least: str
    job_id: str | None = None
    status: str | None = None
    border: str | None = None
    ascending: bool = False
    size: int = 1


def jobs_page(
    tx: Transaction, account: str, question: JobQuestion, columns: tuple[str, ...]
) -> list[Row]:
    """Give the jobs next to the border, nearest first.

    A row has the columns as bytes, or None; `LINKED` is a truth value.
    """
    border = question.border
    # A page that goes up from an expired job begins at the oldest job that has not expired.
    bordered = border is not None and not (question.ascending and border < question.least)
    form = (question.job_id is not None, question.status is not None, bordered, question.ascending)
    rows = tx.all(
        _page_statement(tx.dialect, columns, *form),
        account=account,
        type=question.type,
        least=question.least,
        job_id=question.job_id,
        status=question.status,
        border=border,
        size=question.size,
    )
    if not bordered:
        return rows
    # A page that goes down from a border may end with jobs that have expired.
    place, least = columns.index("job_id"), question.least.encode()
    return [row for row in rows if row[place] >= least]


def as_row(job: Job, columns: tuple[str, ...]) -> Row:
    """Make a row of a job, as `jobs_page` gives it."""
    values = job._asdict() | {LINKED: job.linkage != _NOTHING}
    return tuple([_octets(values[name]) for name in columns])


def _octets(value: object) -> object:
    return value if value is None or isinstance(value, bool) else str(value).encode()


@lru_cache(maxsize=512)
def _page_statement(
    dialect: Dialect,
    columns: tuple[str, ...],
    by_id: bool,  # noqa: FBT001 - this and the next are what the statement's text depends on
    by_status: bool,  # noqa: FBT001
    bordered: bool,  # noqa: FBT001
    ascending: bool,  # noqa: FBT001
) -> str:
    conditions = ["account = :account", "type = :type"]
    if by_id:
        conditions.append("job_id = :job_id")
    if by_status:
        conditions.append("status = :status")
    # With two bounds on the id SQLite would walk the primary key, past the jobs of other types.
    if bordered:
        conditions.append(f"job_id {'>' if ascending else '<'} :border")
    else:
        conditions.append("job_id >= :least")
    shown = ", ".join(_shown_column(dialect, column) for column in columns)
    return (
        f"select {shown} from jobs where {' and '.join(conditions)}"
        f" order by job_id {'asc' if ascending else 'desc'} limit :size"
    )


def _shown_column(dialect: Dialect, column: str) -> str:
    if column == LINKED:
        return f"linkage <> '{_NOTHING}'"
    # SQLite takes some time for each cast, so texts have only one.
    return dialect.octets(f"cast({column} as text)" if column in _COUNT_COLUMNS else column)


def _but(tx: Transaction, aside: Collection[str]) -> tuple[str, dict[str, object]]:
    """Give the condition that a job is not one of those set aside, and its value."""
    if not aside:
        return "", {}
    return f" and not ({tx.dialect.among('jobs.job_id', 'aside')})", {
        "aside": tx.dialect.array(aside)
    }


def next_account(tx: Transaction, after: str, due: str, aside: Collection[str] = ()) -> str | None:
    """Give the next account after `after` that has a job in progress created up to `due`.

    After the last account comes the first one. None if no account has such a job. Jobs that are set
    `aside` do not count, here and in the functions below.
    """
    but, value = _but(tx, aside)
    for bound in (after, ""):
        row = tx.one(
            "select account from jobs where account > :after and completed_at is null"
            f" and created_at <= :due{but} order by account limit 1",
            after=bound,
            due=due,
            **value,
        )
        if row:
            return str(row[0])
    return None


def earliest_created(tx: Transaction, aside: Collection[str] = ()) -> str | None:
    """Give the time of creation of the oldest job in progress, None if no job is."""
    but, value = _but(tx, aside)
    row = tx.one(f"select min(created_at) from jobs where completed_at is null{but}", **value)
    return row[0] if row else None


def earliest_created_of(tx: Transaction, account: str, aside: Collection[str] = ()) -> str | None:
    """Give the time of creation of an account's oldest job in progress, None if no job is."""
    but, value = _but(tx, aside)
    row = tx.one(
        f"select created_at from jobs where account = :account and completed_at is null{but}"
        " order by job_id limit 1",
        account=account,
        **value,
    )
    return row[0] if row else None


def accounts_in_progress(tx: Transaction, due: str, aside: Collection[str] = ()) -> list[str]:
    """Give the accounts with a job in progress that was created up to `due`."""
    but, value = _but(tx, aside)
    rows = tx.all(
        f"select distinct account from jobs where completed_at is null and created_at <= :due{but}",
        due=due,
        **value,
    )
    return [row[0] for row in rows]


def oldest_in_progress(tx: Transaction) -> dict[str, str]:
    """Give each account's oldest job in progress: the only one that a worker may have begun."""
    rows = tx.all(
        "select account, min(job_id) from jobs where completed_at is null group by account"
    )
    return dict(rows)


_WAITING = (
    "select jobs.account, jobs.job_id, type, status, coalesce(applied, operations, ''),"
    f" total_count, coalesce(tries, {_NO_TRY_LEFT}), trace from jobs"
    " left join job_operations on job_operations.account = jobs.account"
    " and job_operations.job_id = jobs.job_id"
    " where jobs.account = :account and completed_at is null"
)
"""A job whose operations somebody has removed has an empty text as operations, and no try left."""


def first_waiting(
    tx: Transaction, account: str, due: str, aside: Collection[str] = ()
) -> Waiting | None:
    """Give an account's oldest job in progress, None if it was created after `due`."""
    but, value = _but(tx, aside)
    row = tx.one(
        f"{_WAITING} and created_at <= :due{but} order by jobs.job_id limit 1",
        account=account,
        due=due,
        **value,
    )
    return Waiting(*row) if row else None


def waiting(tx: Transaction, account: str, job_id: str) -> Waiting | None:
    """Give one job in progress, None if it is not in progress."""
    row = tx.one(f"{_WAITING} and jobs.job_id = :job_id", account=account, job_id=job_id)
    return Waiting(*row) if row else None


def in_progress(tx: Transaction, account: str | None = None) -> list[InProgress]:
    """List the jobs in progress of an account, or of all, by account and id."""
    one = "" if account is None else " and account = :account"
    rows = tx.all(
        "select account, job_id, created_at from jobs"
        f" where completed_at is null{one} order by account, job_id",
        **({} if account is None else {"account": account}),
    )
    return [InProgress(*row) for row in rows]


def begin(tx: Transaction, account: str, job_id: str, before: str, status: str) -> None:
    """Move a job from the status `before` to `status`. Does nothing if it has left `before`."""
    tx.run(
        "update jobs set status = :status"
        " where account = :account and job_id = :job_id and status = :before",
        account=account,
        job_id=job_id,
        before=before,
        status=status,
    )


def note_tries(tx: Transaction, waiting: Waiting, tries: int) -> None:
    """Note how many times a job could not be applied."""
    tx.run(
        "update job_operations set tries = :tries where account = :account and job_id = :job_id",
        account=waiting.account,
        job_id=waiting.job_id,
        tries=tries,
    )


def show_counts(tx: Transaction, account: str, job: Job, applied: str) -> None:
    """Show the counts and errors of a job in progress; keep `applied` beside its operations."""
    tx.run(
        "update jobs set completed_count = :completed_count, failed_count = :failed_count,"
        " errors = :errors where account = :account and job_id = :job_id and completed_at is null",
        account=account,
        job_id=job.job_id,
        completed_count=job.completed_count,
        failed_count=job.failed_count,
        errors=job.errors,
    )
    tx.run(
        "update job_operations set applied = :applied"
        " where account = :account and job_id = :job_id",
        account=account,
        job_id=job.job_id,
        applied=applied,
    )


def complete(tx: Transaction, account: str, job: Job, *, keeps: bool = True) -> bool:
    """Complete a job. False if it was complete before.

    Its operations stay until `job_requests.drop_operations`, or are dropped at once.
    The webhooks of the account get to know, in the same transaction. Whether there are any is part
    of the one statement, so this is right in every process, and costs no other statement.
    """
    row = tx.one(
        "update jobs set status = :status, completed_at = :completed_at,"
        " completed_count = :completed_count, failed_count = :failed_count, errors = :errors,"
        " linkage = :linkage where account = :account and job_id = :job_id"
        " and completed_at is null returning created_at,"
        " (select count(*) from (select 1 from webhooks where account = :account limit 1) one)",
        account=account,
        job_id=job.job_id,
        status=job.status,
        completed_at=job.completed_at,
        completed_count=job.completed_count,
        failed_count=job.failed_count,
        errors=job.errors,
        linkage=job.linkage,
    )
    if not keeps:
        tx.run(
            "delete from job_operations where account = :account and job_id = :job_id",
            account=account,
            job_id=job.job_id,
        )
    if row is None:
        return False
    created_at, has_webhooks = row
    if has_webhooks:
        webhooks.job_ended(tx, account, job._replace(created_at=created_at))
    return True


def newest(tx: Transaction, account: str, status: str | None, most: int) -> list[Job]:
    """Give the newest jobs of an account, up to `most`: all, or those in a status."""
    rows = tx.all(
        f"select {_JOB_COLUMNS} from jobs where account = :account"
        f"{' and status = :status' if status else ''} order by job_id desc limit :most",
        account=account,
        status=status,
        most=most,
    )
    return [Job(*row) for row in rows]


def expire(tx: Transaction, account: str, least: str, most: int) -> int:
    """Remove up to `most` complete jobs whose id is below `least`. Give how many were removed.

    What is kept of their operations goes with them.
    """
    rows = tx.all(
        "delete from jobs where account = :account and job_id in (select job_id from jobs"
        " where account = :account and job_id < :least and completed_at is not null limit :most)"
        " returning job_id",
        account=account,
        least=least,
        most=most,
    )
    tx.run(
        "delete from job_operations where account = :account"
        f" and {tx.dialect.among('job_id', 'removed')}",
        account=account,
        removed=tx.dialect.array([row[0] for row in rows]),
    )
    return len(rows)
