"""What happens on a server, over all accounts: jobs at work, failures, sizes of the catalogs.

Every question reads an index from one end, or stops at a number of rows. So none takes longer when
there are a million jobs or items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import KINDS

if TYPE_CHECKING:
    from backroom.store.database import Transaction

MOST_COUNTED_JOBS = 2_000
MOST_COUNTED_ROWS = 50_000


class Work(NamedTuple):
    """The jobs in progress: how many in each status, and when the oldest was created.

    `is_all` is false where there are more than were counted.
    """

    by_status: dict[str, int]
    is_all: bool
    oldest: str | None


class FailedJob(NamedTuple):
    """A job with operations that failed. `errors` is JSON as on the wire."""

    account: str
    job_id: str
    type: str
    created_at: str
    completed_at: str | None
    total_count: int
    failed_count: int
    errors: str


class Size(NamedTuple):
    """How many rows of one kind all catalogs have. `is_exact` is false for an estimate."""

    kind: str
    rows: int
    is_exact: bool


def jobs_in_progress(tx: Transaction) -> Work:
    """Count the jobs in progress, up to `MOST_COUNTED_JOBS`, and find the oldest."""
    rows = tx.all(
        "select status, count(*) from"
        " (select status from jobs where completed_at is null limit :most) as counted"
        " group by status order by status",
        most=MOST_COUNTED_JOBS,
    )
    oldest = tx.one(
        "select created_at from jobs where completed_at is null order by job_id limit 1"
    )
    by_status = {str(status): int(count) for status, count in rows}
    is_all = sum(by_status.values()) < MOST_COUNTED_JOBS
    return Work(by_status, is_all, oldest[0] if oldest else None)


def newest_failed(tx: Transaction, most: int) -> list[FailedJob]:
    """Give the newest jobs with operations that failed, up to `most`."""
    rows = tx.all(
        f"select {', '.join(FailedJob._fields)} from jobs where failed_count > 0"
        " order by job_id desc, account limit :most",
        most=most,
    )
    return [FailedJob(*row) for row in rows]


def applied_since(tx: Transaction, moment: str) -> list[tuple[str, int]]:
    """Give each second since a moment in which jobs were completed, with their operations.

    A second is the beginning of a time as on the wire, such as 2026-01-01T00:00:00.
    """
    rows = tx.all(
        "select substr(completed_at, 1, 19), sum(total_count) from jobs"
        " where completed_at is not null and completed_at >= :moment"
        " group by substr(completed_at, 1, 19) order by 1",
        moment=moment,
    )
    return [(str(second), int(count)) for second, count in rows]


def catalog_sizes(tx: Transaction) -> list[Size]:
    """Give how many items, variants and categories there are, an estimate where they are many."""
    return [_size_of_catalog(tx, kind.name, kind.table) for kind in KINDS.values()]


def _size_of_catalog(tx: Transaction, kind: str, table: str) -> Size:
    row = tx.one(
        f"select count(*) from (select 1 from {table} limit :most) as counted",
        most=MOST_COUNTED_ROWS,
    )
    counted = int(row[0]) if row else 0
    if counted < MOST_COUNTED_ROWS:
        return Size(kind, counted, is_exact=True)
    estimate = tx.one(tx.dialect.rows_about(table))
    return Size(kind, max(counted, int(estimate[0] or 0) if estimate else 0), is_exact=False)
