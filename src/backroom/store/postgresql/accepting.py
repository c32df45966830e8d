"""Accepting a job by one call of a function of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.store.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Row
    from backroom.store.jobs import NewJob

_JOB = ", ".join(f":{column}" for column in ("account", *Job._fields))
_ACCEPT = f"""-- accept a job
    select accept_job(:lock, row({_JOB})::jobs, :operations, :most)
"""
"""All statements that `jobs.accept` runs, in one; the migration says how."""
_ACCEPT_TRACED = _ACCEPT.replace(":most)", ":most, :trace)")
"""The same where the job has a trace."""


def accept_values(new: NewJob, most: int) -> dict[str, Any]:
    """Give the values of the call that accepts a job."""
    values = {
        "lock": new.lock,
        "account": new.account,
        "operations": new.operations,
        "most": most,
        **new.job._asdict(),
    }
    return values | {"trace": new.trace} if new.trace else values


def accept_statement(values: dict[str, Any]) -> str:
    """Give the call for these values."""
    return _ACCEPT_TRACED if "trace" in values else _ACCEPT


def accepted_id(rows: Iterable[Row]) -> str | None:
    """Give the id under which a job was accepted, None if it was not."""
    ((value,),) = rows
    return None if value is None else str(value)
