"""List, show and cancel the bulk jobs of an account, and send failed operations again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.api.in_process import Answered, NotServing
from backroom.catalog.kinds import JOB_KINDS
from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.jobs.cancelling import cancel_waiting
from backroom.jobs.lifecycle import Status
from backroom.jobs.results import FAILED, Result, body_of, results_of
from backroom.revisions import NEWEST
from backroom.store import job_requests, job_search, jobs

if TYPE_CHECKING:
    from backroom.control.route import Control, Given

MOST_LISTED = 100
NOT_KEPT = "The server no longer has the operations of this job (--kept-operations)."


class KnownJob(NamedTuple):
    """A job, and the result of each of its operations, None if they are not kept."""

    job: jobs.Job
    results: list[Result] | None


def jobs_of_account(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the newest jobs of an account, with their errors."""
    status = given.query.get("status")
    if status is not None and status not in list(Status):
        raise ControlError(400, f"{status!r} is not one of {', '.join(Status)}.")
    with control.database.read() as tx:
        found = jobs.newest(tx, account_id(tx, given), status, MOST_LISTED)
    return [_shown_job(each) for each in found]


def _shown_job(job: jobs.Job) -> dict[str, Any]:
    return job._asdict() | {
        "errors": msgspec.Raw(job.errors.encode()),
        "linkage": msgspec.Raw(job.linkage.encode()),
    }


def known_job(control: Control, account: str, job_id: str) -> KnownJob:
    """Give a job of an account by its id. Raises `ControlError` where there is none."""
    with control.database.read() as tx:
        # No job has an id with a null character, and PostgreSQL refuses such a text as a value.
        job = None if "\0" in account + job_id else job_search.find_job(tx, account, job_id)
        if job is None:
            raise ControlError(404, f"The account has no job {job_id}. GET /_backroom/jobs lists.")
        operations = job_requests.sent_operations(tx, account, job_id)
    if operations is None or job.type not in JOB_KINDS:
        return KnownJob(job, None)
    try:
        return KnownJob(job, results_of(job, operations))
    except msgspec.MsgspecError:
        # An earlier version may have stored the operations in another form.
        return KnownJob(job, None)


def failed_resources(known: KnownJob, chosen: list[Result] | None = None) -> list[dict[str, Any]]:
    """Give the operations that have failed, or those chosen of them, as a body has them.

    Raises `ControlError`.
    """
    if known.results is None:
        raise ControlError(409, NOT_KEPT)
    results = known.results if chosen is None else chosen
    failed = [each.resource for each in results if each.words == FAILED]
    if not failed:
        raise ControlError(409, "No operation of this job has failed.")
    return failed


def send_as_job(control: Control, account: str, job_type: str, resources: list[Any]) -> Answered:
    """Send operations as a new job of a type, as a client of the newest revision would.

    Raises `ControlError` where the server can't be called.
    """
    if "call" not in control.parts or job_type not in JOB_KINDS:
        raise ControlError(409, "This server takes no jobs of this type.")
    job_kind = JOB_KINDS[job_type]
    body = msgspec.json.encode(body_of(job_kind, resources))
    path = f"/api/{job_kind.collection}"
    try:
        answered: Answered = control.parts["call"](account, "POST", path, NEWEST, body)
    except NotServing as error:
        raise ControlError(503, str(error)) from None
    return answered


def cancel_job(control: Control, account: str, job_id: str) -> None:
    """Cancel a job that waits. Raises `ControlError` where it has ended, or there is none."""
    if not control.database.write(lambda tx: cancel_waiting(tx, account, job_id)).result():
        ended = known_job(control, account, job_id).job
        raise ControlError(
            409, f"Job {job_id} is {ended.status}: only one that waits is cancelled."
        )
    if "pace" in control.parts:
        control.parts["pace"].ended(account, job_id)


def _account_of(control: Control, given: Given) -> str:
    with control.database.read() as tx:
        return account_id(tx, given)


def show_job(control: Control, given: Given) -> dict[str, Any]:
    """Show a job with the result of each operation."""
    known = known_job(control, _account_of(control, given), given.path["job_id"])
    results = known.results
    return _shown_job(known.job) | {
        "operations": None
        if results is None
        else [
            {"operation": each.resource, "result": each.words, "error": each.error}
            for each in results
        ]
    }


def cancel_by_id(control: Control, given: Given) -> dict[str, Any]:
    """Cancel a job that waits, and show it."""
    account, job_id = _account_of(control, given), given.path["job_id"]
    cancel_job(control, account, job_id)
    return _shown_job(known_job(control, account, job_id).job)


def retry_job(control: Control, given: Given) -> dict[str, Any]:
    """Send the failed operations of a job, or others in their place, as a new job."""
    account = _account_of(control, given)
    known = known_job(control, account, given.path["job_id"])
    resources = given.body.get("operations")
    if resources is None:
        resources = failed_resources(known)
    answered = send_as_job(control, account, known.job.type, resources)
    document = msgspec.json.decode(answered.body)
    if "errors" in document:
        raise ControlError(answered.status, "; ".join(map(_error_words, document["errors"])))
    return {"account": account, "job_id": document["data"]["id"], "retries": known.job.job_id}


def _error_words(error: dict[str, Any]) -> str:
    pointer = (error.get("source") or {}).get("pointer")
    return f"{error['detail']} (at {pointer})" if pointer else str(error["detail"])


ROUTES = (
    ControlRoute(
        "GET",
        "/jobs",
        f"The {MOST_LISTED} newest jobs of an account, in any state, with their errors.",
        jobs_of_account,
        query=(ACCOUNT, Member("status", "Only jobs in this status.")),
    ),
    ControlRoute(
        "GET",
        "/jobs/{job_id}",
        "One job, with its operations and their results, if the server still has them.",
        show_job,
        query=(ACCOUNT,),
    ),
    ControlRoute(
        "POST",
        "/jobs/{job_id}/cancel",
        "Cancel a job that waits: none of its operations is applied.",
        cancel_by_id,
        body=(ACCOUNT,),
    ),
    ControlRoute(
        "POST",
        "/jobs/{job_id}/retry",
        "Send the operations of a job that have failed once more, as a new job.",
        retry_job,
        202,
        body=(
            ACCOUNT,
            Member(
                "operations",
                "Other operations to send: resource objects, as the newest revision writes them.",
                form="array",
            ),
        ),
    ),
)
