"""Jobs of all accounts, newest first, as somebody looks for them: by state, type, time and errors.

An index finds the rows for the conditions that it knows. All other conditions are tested on a
limited number of these rows, from where the page begins. So no question takes long, however many
jobs there are, and a page may end before it is full: then it says how far the look went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.store.job_rows import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.store.database import Transaction

MOST_LOOKED_AT = 5_000
"""Jobs of one page that are looked at, where no index has all that is asked for."""
MOST_READ = 1_000
"""The same where the errors of each are read."""
_STATUSES_IN_PROGRESS = frozenset({"queued", "processing"})
_CANCELLED = "cancelled"
_ERRORS_SHOWN = 2_000
"""Characters of the errors that a listed job has."""
_LISTED = (
    *("account", "job_id", "type", "status", "created_at", "completed_at"),
    *("total_count", "completed_count", "failed_count"),
)


class JobPlace(NamedTuple):
    """Where a page begins: beyond this job."""

    job_id: str
    account: str


class JobFilter(NamedTuple):
    """Which jobs are listed. An empty member narrows nothing.

    `least` and `beyond` bound the ids, which begin with the time of creation: from the one on, and
    below the other. `text` is somewhere in the errors, in any case.
    """

    account: str = ""
    types: tuple[str, ...] = ()
    status: str = ""
    least: str = ""
    beyond: str = ""
    text: str = ""
    with_failures: bool = False


class JobSummary(NamedTuple):
    """A job in a list. `errors` is the beginning of the JSON of its errors."""

    account: str
    job_id: str
    type: str
    status: str
    created_at: str
    completed_at: str | None
    total_count: int
    completed_count: int
    failed_count: int
    errors: str

    @property
    def place(self) -> JobPlace:
        """Where the page after it begins."""
        return JobPlace(self.job_id, self.account)


class JobsFound(NamedTuple):
    """A page of jobs, newest first. `is_last` says that there are no more in its direction.

    `looked_until` is where a look ended that has found too few, None where there are no more rows.
    """

    jobs: list[JobSummary]
    is_last: bool
    looked_until: JobPlace | None = None


class _Question(NamedTuple):
    """The conditions that an index answers, and those that are left."""

    driving: list[str]
    left: list[str]
    values: dict[str, Any]


def find_jobs(
    tx: Transaction,
    asked: JobFilter,
    border: JobPlace | None = None,
    *,
    ascending: bool = False,
    size: int = 50,
) -> JobsFound:
    """Give the jobs next to the border, newest first: older ones, or newer if `ascending`."""
    question = _question(tx, asked, border, ascending=ascending)
    rows = _job_rows(tx, question, asked, ascending=ascending, size=size + 1)
    looked_until = None
    if len(rows) <= size and question.left:
        looked_until = _end_of_look(tx, question, asked, ascending=ascending)
    page = rows[:size]
    is_last = len(rows) <= size and looked_until is None
    return JobsFound(page[::-1] if ascending else page, is_last, looked_until)


def find_job(tx: Transaction, account: str, job_id: str) -> Job | None:
    """Give a job by its id, whatever its type, None if there is none."""
    row = tx.one(
        f"select {', '.join(Job._fields)} from jobs where account = :account and job_id = :job_id",
        account=account,
        job_id=job_id,
    )
    return Job(*row) if row else None


def oldest_in_progress_of(tx: Transaction, account: str) -> str | None:
    """Give the id of an account's oldest job in progress, None if it has none."""
    row = tx.one(
        "select job_id from jobs where account = :account and completed_at is null"
        " order by job_id limit 1",
        account=account,
    )
    return str(row[0]) if row else None


def jobs_before(tx: Transaction, account: str, job_id: str) -> int:
    """Count the jobs of an account that are in progress, and come before one."""
    row = tx.one(
        "select count(*) from jobs"
        " where account = :account and job_id < :job_id and completed_at is null",
        account=account,
        job_id=job_id,
    )
    return int(row[0]) if row else 0


def _question(
    tx: Transaction, asked: JobFilter, border: JobPlace | None, *, ascending: bool
) -> _Question:
    driving, left = _conditions(tx, asked)
    values: dict[str, Any] = {
        "account": asked.account,
        "type": asked.types[0] if len(asked.types) == 1 else None,
        "types": tx.dialect.array(asked.types),
        "status": asked.status,
        "text": _as_in_json(asked.text),
        "lower": _as_in_json(asked.text.lower()),
        "least": asked.least,
        "beyond": asked.beyond,
    }
    bounds = {"least": bool(asked.least), "beyond": bool(asked.beyond)}
    if border is not None:
        # A border lies within the bounds. Two bounds on one side would not both begin the walk.
        bounds["least" if ascending else "beyond"] = False
        values |= {"job_id": border.job_id, "other": border.account}
        sign = ">" if ascending else "<"
        driving.append(
            f"job_id {sign} :job_id"
            if asked.account
            else f"(job_id, account) {sign} (:job_id, :other)"
        )
    driving += ["job_id >= :least"] * bounds["least"] + ["job_id < :beyond"] * bounds["beyond"]
    return _Question(driving, left, values)


def _conditions(tx: Transaction, asked: JobFilter) -> tuple[list[str], list[str]]:
    """Give the conditions by which an index is walked, and those on the rows that it gives."""
    by_account, one_type = bool(asked.account), len(asked.types) == 1
    failures = asked.with_failures or bool(asked.text)
    driving = ["account = :account"] if by_account else []
    left: list[str] = []
    by_type = "type = :type" if one_type else tx.dialect.among("type", "types")
    if failures:
        driving.append("failed_count > 0")
    elif asked.status in _STATUSES_IN_PROGRESS:
        driving.append("completed_at is null")
    elif asked.status == _CANCELLED:
        # Few jobs are cancelled. Those of an account have no index of their own.
        driving, left = [f"status = '{_CANCELLED}'"], driving
    elif by_account and one_type:
        driving += [by_type, *(["status = :status"] if asked.status else [])]
        return driving, left
    left += [by_type] if asked.types else []
    left += ["status = :status"] if asked.status else []
    if asked.text:
        holds = tx.dialect.holds.format
        left.append(f"({holds('errors', ':text')} or {holds('lower(errors)', ':lower')})")
    return driving, left


def _as_in_json(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


def _looked(question: _Question, columns: Sequence[str], *, ascending: bool) -> str:
    """Give the statement that walks an index, as far as a look goes."""
    order = "asc" if ascending else "desc"
    where = f" where {' and '.join(question.driving)}" if question.driving else ""
    return (
        f"select {', '.join(columns)} from jobs{where}"
        f" order by job_id {order}, account {order} limit :looked"
    )


def _job_rows(
    tx: Transaction, question: _Question, asked: JobFilter, *, ascending: bool, size: int
) -> list[JobSummary]:
    shown = f"substr(errors, 1, {_ERRORS_SHOWN})"
    if not question.left:
        statement = _looked(question, [*_LISTED, shown], ascending=ascending)
        rows = tx.all(statement, **question.values, looked=size)
        return [JobSummary(*row) for row in rows]
    looked = _looked(question, [*_LISTED, "errors"], ascending=ascending)
    order = "asc" if ascending else "desc"
    rows = tx.all(
        f"select {', '.join(_LISTED)}, {shown} from ({looked}) as looked_at"
        f" where {' and '.join(question.left)}"
        f" order by job_id {order}, account {order} limit :size",
        **question.values,
        looked=_most(asked),
        size=size,
    )
    return [JobSummary(*row) for row in rows]


def _end_of_look(
    tx: Transaction, question: _Question, asked: JobFilter, *, ascending: bool
) -> JobPlace | None:
    """Give the last job that a look has seen, None where it has seen all."""
    row = tx.one(
        f"{_looked(question, ('job_id', 'account'), ascending=ascending)} offset :before",
        **question.values,
        looked=1,
        before=_most(asked) - 1,
    )
    return JobPlace(*row) if row else None


def _most(asked: JobFilter) -> int:
    return MOST_READ if asked.text else MOST_LOOKED_AT
