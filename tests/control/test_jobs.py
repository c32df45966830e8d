from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import JOB_KINDS
from backroom.control.route import ControlError
from backroom.jobs import submit
from backroom.jobs.lifecycle import Status
from backroom.store import jobs, keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control


def test_jobs_of_one_account_are_listed(control: Control, call: Callable[..., Any]) -> None:
    with control.database.read() as tx:
        account = keys.account_of(tx, "default")
    job_kind = next(iter(JOB_KINDS.values()))
    new = submit.new_job(account or "", job_kind, "[]", 3, Status.PROCESSING)
    control.database.write(lambda tx: jobs.accept(tx, new, 10)).result()
    call("POST", "/accounts", {"name": "shop"})
    assert [each["job_id"] for each in call("GET", "/jobs")] == [new.job.job_id]
    assert call("GET", "/jobs", status="complete") == call("GET", "/jobs", account="shop") == []


def test_unknown_status_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="processing"):
        call("GET", "/jobs", status="done")


def test_unknown_account_is_404(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="no account 'shop'"):
        call("GET", "/jobs", account="shop")
