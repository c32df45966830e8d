"""Which jobs of an account have named a resource, looked for from the newest on.

There is no index of what is in jobs. So a look goes through some jobs and stops, by number and by
the bytes of their operations, and says where the next look begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.store.job_rows import Job

if TYPE_CHECKING:
    from backroom.store.database import Transaction

MOST_JOBS_READ = 200
"""How many jobs one look goes through."""
MOST_BYTES_READ = 32 * 2**20
"""How many bytes of operations one look reads, unless the first job has more."""
_TOUCHING_COLUMNS = ", ".join(f"jobs.{each}" for each in Job._fields)


class NamingJob(NamedTuple):
    """A job that names a resource. `operations` is JSON, None where they are not kept."""

    job: Job
    operations: str | None


class Look(NamedTuple):
    """The jobs that were found, newest first.

    `before` is where the next look begins, None where there are no more jobs. `unkept` is how many
    jobs that were looked through have none of their operations any more.
    """

    found: list[NamingJob]
    looked: int
    unkept: int
    before: str | None


def jobs_naming(
    tx: Transaction,
    account: str,
    part: str,
    before: str | None = None,
    most: int = MOST_JOBS_READ,
) -> Look:
    """Give the jobs in whose operations, errors or linkage a part of JSON stands."""
    rows = _sizes(tx, account, before, most + 1)
    total = 0
    looked: list[str] = []
    unkept = 0
    for job_id, size in rows[:most]:
        total += size or 0
        if looked and total > MOST_BYTES_READ:
            break
        looked.append(job_id)
        unkept += size is None
    if not looked:
        return Look([], 0, 0, None)
    found = jobs_between(tx, account, part, looked[-1], looked[0])
    more = len(rows) > len(looked)
    return Look(found, len(looked), unkept, looked[-1] if more else None)


def _sizes(
    tx: Transaction, account: str, before: str | None, most: int
) -> list[tuple[str, int | None]]:
    """Give the next jobs, with the bytes of their operations. Neither engine reads these for it."""
    below = "" if before is None else " and jobs.job_id < :before"
    rows = tx.all(
        "select jobs.job_id, octet_length(operations) from"
        f" (select account, job_id from jobs where account = :account{below}"
        " order by job_id desc limit :most) jobs"
        " left join job_operations on job_operations.account = jobs.account"
        " and job_operations.job_id = jobs.job_id order by jobs.job_id desc",
        account=account,
        before=before,
        most=most,
    )
    return [(row[0], row[1]) for row in rows]


def jobs_between(
    tx: Transaction, account: str, part: str, first: str, last: str
) -> list[NamingJob]:
    """Give the jobs among those from `first` to `last` in which a part of JSON stands."""
    holds = tx.dialect.holds
    conditions = " or ".join(
        holds.format(column, ":part") for column in ("operations", "errors", "linkage")
    )
    rows = tx.all(
        f"select {_TOUCHING_COLUMNS}, case when {holds.format('operations', ':part')}"
        " then operations when operations is not null then '[]' end from jobs"
        " left join job_operations on job_operations.account = jobs.account"
        " and job_operations.job_id = jobs.job_id"
        " where jobs.account = :account and jobs.job_id >= :first and jobs.job_id <= :last"
        f" and ({conditions}) order by jobs.job_id desc",
        account=account,
        part=part,
        first=first,
        last=last,
    )
    return [NamingJob(Job(*row[:-1]), row[-1]) for row in rows]
