"""Bulk jobs as rows, and the operations that wait in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom import clock
from backroom.store.forms import (
    MISFIT,
    Form,
    Gathered,
    Reading,
    Rows,
    as_gathered,
    filled,
    gathering,
)

if TYPE_CHECKING:
    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect

_COLUMNS = (
    "job_id, type, status, created_at, expires_at, completed_at,"
    " total_count, completed_count, failed_count, errors, linkage"
)
PROGRESS = (
    "status",
    "created_at",
    "total_count",
    "completed_count",
    "failed_count",
    "completed_at",
)
"""The columns that the column `progress` holds as one text: members of a JSON object."""
_VALUES = ", ".join(f":{column}" for column in ("account", *_COLUMNS.split(", ")))
_ONE = "account = :account and job_id = :job_id and type = :type and job_id >= :least"


class Job(NamedTuple):
    """One job. `errors` and `linkage` are JSON text as on the wire, times too."""

    job_id: str
    type: str
    status: str
    created_at: str
    expires_at: str
    completed_at: str | None
    total_count: int
    completed_count: int = 0
    failed_count: int = 0
    errors: str = "[]"
    linkage: str = "[]"


class Waiting(NamedTuple):
    """A job that is to be applied, with its operations as JSON text."""

    account: str
    job_id: str
    type: str
    status: str
    operations: str


class NewJob(NamedTuple):
    """A job that is to be stored, with its operations as JSON text."""

    account: str
    job: Job
    operations: str

    @property
    def lock(self) -> str:
        """What others who accept jobs of the account are kept out by, as in `exclusively`."""
        return f"{self.account} jobs"


def accept(tx: Transaction, new: NewJob, most: int) -> str | None:
    """Store a new job and give the id that it got; `Database.accept` says the rest.

    One after the other, on however many servers: else a job could be seen, and applied, before one
    with a lesser id that is committed later; and several could count the same jobs.
    """
    tx.exclusively(new.lock)
    if count_in_progress(tx, new.account) >= most:
        return None
    job = new.job
    latest = latest_id(tx, new.account)
    if job.job_id <= latest:
        # Another process has a clock ahead of this one's, or another request was faster.
        moment = datetime.fromisoformat(job.created_at)
        job = job._replace(job_id=clock.new_ulid(moment, latest))
    insert(tx, new.account, job, new.operations)
    return job.job_id


def insert(tx: Transaction, account: str, job: Job, operations: str) -> None:
    """Store a new job with the operations that wait in it."""
    tx.run(
        f"insert into jobs (account, {_COLUMNS}) values ({_VALUES})",
        account=account,
        **job._asdict(),
    )
    tx.run(
        "insert into job_operations (account, job_id, operations)"
        " values (:account, :job_id, :operations)",
        account=account,
        job_id=job.job_id,
        operations=operations,
    )


def count_in_progress(tx: Transaction, account: str) -> int:
    """Count the jobs of an account that aren't complete."""
    row = tx.one(
        "select count(*) from jobs where account = :account and completed_at is null",
        account=account,
    )
    return row[0] if row else 0


def latest_id(tx: Transaction, account: str) -> str:
    """Give the greatest id of an account's jobs, an empty text where there are none."""
    row = tx.one(
        "select job_id from jobs where account = :account order by job_id desc limit 1",
        account=account,
    )
    return row[0] if row else ""


class Asked(NamedTuple):
    """Which job to show: of a type, with an id that is not below `least`."""

    type: str
    job_id: str
    least: str


def get(tx: Transaction, account: str, asked: Asked) -> Job | None:
    """Give a job, or None where there is none."""
    row = tx.one(
        f"select {_COLUMNS} from jobs where {_ONE}",
        account=account,
        type=asked.type,
        job_id=asked.job_id,
        least=asked.least,
    )
    return Job(*row) if row else None


class Page(NamedTuple):
    """Which jobs to list: of a type, in a status where one is given, beyond an id, at most `size`.

    `ascending` asks for ids above `border`, oldest first; else for those below it, newest first.
    What is written comes in the opposite order where not `onward`.
    """

    type: str
    status: str | None
    least: str
    border: str | None
    ascending: bool
    size: int
    onward: bool = True

    @property
    def shape(self) -> _Shape:
        """What of it is in the text of the statement."""
        # Two bounds on the id would make SQLite walk the primary key, past all other types.
        from_border = self.border is not None and not (self.ascending and self.border < self.least)
        return _Shape(self.status is not None, from_border, self.ascending, self.onward)


class _Shape(NamedTuple):
    by_status: bool
    from_border: bool
    ascending: bool
    onward: bool


@dataclass(frozen=True, eq=False)
class JobForms:
    """How jobs are written that aren't complete, that are, and that are and have a linkage.

    Where not `any_errors`, only jobs without errors are.
    """

    unfinished: Form
    finished: Form
    linked: Form
    any_errors: bool


def page(tx: Transaction, account: str, asked: Page) -> list[Job]:
    """Give the jobs next to the border, nearest first."""
    rows = tx.all(_page(asked.shape, _COLUMNS), **_named(account, asked))
    return [Job(*row) for row in rows if row[0] >= asked.least]


def written_page(tx: Transaction, account: str, asked: Page, forms: JobForms) -> Gathered | None:
    """Give the same written into forms; None where one of the jobs fits no form."""
    sql, values, reading = _written_page(tx.dialect, forms, asked.shape)
    found = tx.all(sql, **_named(account, asked), **values)
    return as_gathered(tx.dialect, found, reading)


def written(
    tx: Transaction, account: str, asked: Asked, forms: JobForms, given: dict[str, str]
) -> str | None:
    """Give a job written into its form; None where there is none, or none that fits."""
    sql, values = _written_one(tx.dialect, forms)
    row = tx.one(
        sql,
        account=account,
        type=asked.type,
        job_id=asked.job_id,
        least=asked.least,
        **values,
        **given,
    )
    return row[0] if row and row[0] != MISFIT else None


_Written = tuple[str, dict[str, str]]


@lru_cache(maxsize=512)
def _written_one(dialect: Dialect, forms: JobForms) -> _Written:
    text, values = _written(dialect, forms)
    return f"select {text} from jobs where {_ONE}", values


@lru_cache(maxsize=512)
def _written_page(
    dialect: Dialect, forms: JobForms, shape: _Shape
) -> tuple[str, dict[str, str], Reading]:
    text, values = _written(dialect, forms)

    def select(columns: str) -> str:
        near = _page(shape, columns)
        return f"select * from ({near}) near where place >= :least" if shape.from_border else near

    start = forms.finished.parts[0]
    reading = Reading(shape.ascending, shape.onward, start, any_misfits=not forms.any_errors)
    return gathering(dialect, Rows("job_id", text, select), reading), values, reading


def _written(dialect: Dialect, forms: JobForms) -> _Written:
    """Give the expression of a job's text, and the values it is bound to."""
    texts, values = filled(dialect, forms.unfinished, forms.finished, forms.linked)
    unfinished, finished, linked = texts
    fits = "" if forms.any_errors else f"when errors <> '[]' then '{MISFIT}'"
    text = (
        f"case {fits} when completed_at is null then {unfinished}"
        f" when linkage = '[]' then {finished} else {linked} end"
    )
    return text, values


def _page(shape: _Shape, columns: str) -> str:
    """Give the statement for columns of the jobs next to the border, expired ones too."""
    conditions = ["account = :account", "type = :type"]
    if shape.by_status:
        conditions.append("status = :status")
    if shape.from_border:
        conditions.append(f"job_id {'>' if shape.ascending else '<'} :border")
    else:
        conditions.append("job_id >= :least")
    return (
        f"select {columns} from jobs where {' and '.join(conditions)}"
        f" order by job_id {'asc' if shape.ascending else 'desc'} limit :size"
    )


def _named(account: str, asked: Page) -> dict[str, Any]:
    return {"account": account} | asked._asdict()


def next_account(tx: Transaction, after: str, due: str) -> str | None:
    """Give the account that comes after `after` among those with a job created up to `due`."""
    for bound in (after, ""):
        row = tx.one(
            "select account from jobs where account > :after and completed_at is null"
            " and created_at <= :due order by account limit 1",
            after=bound,
            due=due,
        )
        if row:
            return str(row[0])
    return None


def earliest_created(tx: Transaction) -> str | None:
    """Give when the oldest job in progress was created, None where there is none."""
    row = tx.one("select min(created_at) from jobs where completed_at is null")
    return row[0] if row else None


def earliest_created_of(tx: Transaction, account: str) -> str | None:
    """Give when an account's oldest job in progress was created, None where there is none."""
    row = tx.one(
        "select created_at from jobs where account = :account and completed_at is null"
        " order by job_id limit 1",
        account=account,
    )
    return row[0] if row else None


def accounts_in_progress(tx: Transaction, due: str) -> list[str]:
    """Give the accounts with a job in progress that was created up to `due`."""
    rows = tx.all(
        "select distinct account from jobs where completed_at is null and created_at <= :due",
        due=due,
    )
    return [row[0] for row in rows]


def first_waiting(tx: Transaction, account: str, due: str) -> Waiting | None:
    """Give an account's oldest job in progress, None where it was created after `due`."""
    row = tx.one(
        "select jobs.account, jobs.job_id, type, status, operations from jobs"
        " join job_operations on job_operations.account = jobs.account"
        " and job_operations.job_id = jobs.job_id"
        " where jobs.account = :account and completed_at is null and created_at <= :due"
        " order by jobs.job_id limit 1",
        account=account,
        due=due,
    )
    return Waiting(*row) if row else None


def begin(tx: Transaction, account: str, job_id: str, before: str, status: str) -> None:
    """Move a job from one status to the next, where it is still in the first."""
    tx.run(
        "update jobs set status = :status"
        " where account = :account and job_id = :job_id and status = :before",
        account=account,
        job_id=job_id,
        before=before,
        status=status,
    )


def complete(tx: Transaction, account: str, job: Job) -> bool:
    """Write a job's end and drop its operations. False where it had come to its end before."""
    row = tx.one(
        "update jobs set status = :status, completed_at = :completed_at,"
        " completed_count = :completed_count, failed_count = :failed_count, errors = :errors,"
        " linkage = :linkage where account = :account and job_id = :job_id"
        " and completed_at is null returning job_id",
        account=account,
        job_id=job.job_id,
        status=job.status,
        completed_at=job.completed_at,
        completed_count=job.completed_count,
        failed_count=job.failed_count,
        errors=job.errors,
        linkage=job.linkage,
    )
    tx.run(
        "delete from job_operations where account = :account and job_id = :job_id",
        account=account,
        job_id=job.job_id,
    )
    return row is not None


def expire(tx: Transaction, account: str, least: str, most: int) -> int:
    """Remove up to `most` complete jobs whose id is below `least`; give how many there were."""
    rows = tx.all(
        "delete from jobs where account = :account and job_id in (select job_id from jobs"
        " where account = :account and job_id < :least and completed_at is not null limit :most)"
        " returning job_id",
        account=account,
        least=least,
        most=most,
    )
    return len(rows)
