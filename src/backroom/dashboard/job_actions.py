"""The actions on jobs: retry failed operations, cancel waiting jobs, for one job or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.routing import Route

from backroom.catalog.kinds import JOB_KINDS
from backroom.control.corrected import corrected_of_job
from backroom.control.jobs import (
    NOT_KEPT,
    cancel_job,
    failed_resources,
    known_job,
    send_as_job,
)
from backroom.control.route import ControlError
from backroom.dashboard import formats
from backroom.dashboard.job import JOB_PATH, head_of, path_of, pretty, reason_of
from backroom.dashboard.jobs import JOBS_PATH, words_of
from backroom.dashboard.page import dashboard_of, form_of, page, redirect
from backroom.jobs.results import FAILED, place_in
from backroom.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.api.in_process import Answered
    from backroom.control.jobs import KnownJob
    from backroom.dashboard.page import Dashboard
    from backroom.jobs.results import Result

_MOST_CHOSEN = 100


class Wrong(NamedTuple):
    """A fault of an edited request, in words of the API. `place` counts operations from 1."""

    detail: str
    pointer: str
    place: int | None


class Chosen(NamedTuple):
    """One of several jobs: what an action would do to it, or has done."""

    key: str
    words: str
    account_name: str
    effect: str
    is_touched: bool
    link: str = ""


def _ask_retry(request: Request, text: str, wrong: list[Wrong], failed: list[Result]) -> Response:
    account, job_id = request.path_params["account"], request.path_params["job_id"]
    return page(
        request,
        "job_retry.html",
        section="jobs",
        text=text,
        wrong=wrong,
        failed=[reason_of(each.error, each.resource) for each in failed],
        **head_of(dashboard_of(request), account, job_id),
    )


def _failed(dashboard: Dashboard, account: str, known: KnownJob) -> list[Result]:
    """Give the operations that have failed: those that were not corrected since, if there are."""
    failed = [each for each in known.results or [] if each.words == FAILED]
    with dashboard.control.database.read() as tx:
        corrected = corrected_of_job(tx, account, known.job)
    return [each for each in failed if each.external_id not in corrected] or failed


def edit_retry(request: Request) -> Response:
    """Show the operations that have failed, to be edited and sent again."""
    dashboard = dashboard_of(request)
    account, job_id = _account_and_id(request)
    known = known_job(dashboard.control, account, job_id)
    failed = _failed(dashboard, account, known)
    text = pretty(msgspec.json.encode(failed_resources(known, failed)))
    return _ask_retry(request, text, [], failed)


def _account_and_id(request: Request) -> tuple[str, str]:
    return request.path_params["account"], request.path_params["job_id"]


def send_retry(request: Request) -> Response:
    """Send the edited operations, and lead to the new job, or show what is wrong with them."""
    dashboard = dashboard_of(request)
    account, job_id = _account_and_id(request)
    known = known_job(dashboard.control, account, job_id)
    text = form_of(request).get("operations", "")
    try:
        resources = msgspec.json.decode(text, type=list[Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        wrong = [Wrong(f"This is not a JSON list: {error}", "", None)]
        return _ask_retry(request, text, wrong, _failed(dashboard, account, known))
    answered = send_as_job(dashboard.control, account, known.job.type, resources)
    sent, wrong = outcome_of_operation(answered, known.job.type)
    if not sent:
        return _ask_retry(request, text, wrong, _failed(dashboard, account, known))
    return redirect(request, path_of(account, sent))


def outcome_of_operation(answered: Answered, job_type: str) -> tuple[str, list[Wrong]]:
    """Give the id of the new job, or the faults of the operations that were sent."""
    document = msgspec.json.decode(answered.body) if answered.body else {}
    if "data" in document:
        return str(document["data"]["id"]), []
    wrong = []
    for each in document.get("errors", []):
        pointer = (each.get("source") or {}).get("pointer") or ""
        place = place_in(JOB_KINDS[job_type], pointer)
        wrong.append(Wrong(str(each["detail"]), pointer, None if place is None else place + 1))
    return "", wrong or [Wrong(f"The server answered {answered.status}.", "", None)]


def cancel_one(request: Request) -> Response:
    """Cancel the job of a page, and show it again."""
    account, job_id = _account_and_id(request)
    cancel_job(dashboard_of(request).control, account, job_id)
    return redirect(request, path_of(account, job_id))


def preview(request: Request) -> Response:
    """Show what an action would do to the chosen jobs."""
    query = request.query_params
    return _show_chosen(request, query.get("action", ""), query.getlist("job"), _foreseen)


def carry_out(request: Request) -> Response:
    """Do the action to the chosen jobs, and show the result for each."""
    form = request.scope["form"]
    names = [each for each in form.getlist("job") if isinstance(each, str)]
    acts = {"retry": _retried, "cancel": _cancelled}
    action = str(form.get("action", ""))
    if action not in acts:
        raise ControlError(400, "The action of a form is retry or cancel.")
    return _show_chosen(request, action, names, acts[action], done=True)


def _show_chosen(
    request: Request,
    action: str,
    names: Iterable[str],
    act: Callable[[Dashboard, str, str, str], tuple[bool, str, str]],
    *,
    done: bool = False,
) -> Response:
    dashboard = dashboard_of(request)
    if action not in {"retry", "cancel"}:
        raise ControlError(400, "The action of a form is retry or cancel.")
    chosen = []
    for key in list(dict.fromkeys(names))[:_MOST_CHOSEN]:
        account, _, job_id = key.partition("/")
        touched, effect, made = act(dashboard, action, account, job_id)
        words, name = _words_and_name(dashboard, account, job_id)
        chosen.append(Chosen(key, words, name, effect, touched, made))
    return page(
        request, "jobs_chosen.html", section="jobs", action=action, chosen=chosen, done=done
    )


def _words_and_name(dashboard: Dashboard, account: str, job_id: str) -> tuple[str, str]:
    with dashboard.control.database.read() as tx:
        name = (None if "\0" in account else keys.account_name(tx, account)) or account
    try:
        return words_of(known_job(dashboard.control, account, job_id).job.type), name
    except ControlError:
        return job_id, name


def _foreseen(
    dashboard: Dashboard, action: str, account: str, job_id: str
) -> tuple[bool, str, str]:
    try:
        known = known_job(dashboard.control, account, job_id)
    except ControlError as error:
        return False, error.detail, ""
    job, failed = known.job, len(_failed(dashboard, account, known))
    if action == "cancel":
        if job.completed_at is not None:
            return False, f"The job is {job.status}, so it can't be cancelled.", ""
        return True, "The server will not apply its operations.", ""
    if known.results is None and job.failed_count:
        return False, NOT_KEPT, ""
    if not failed or job.completed_at is None:
        return False, "No operation of the job has failed.", ""
    sent = f"{formats.plural(failed, 'operation')} of {formats.number(job.total_count)}"
    return True, f"The server will send {sent} again, unchanged, as a new job.", ""


def _retried(dashboard: Dashboard, _: str, account: str, job_id: str) -> tuple[bool, str, str]:
    try:
        known = known_job(dashboard.control, account, job_id)
        resources = failed_resources(known, _failed(dashboard, account, known))
        answered = send_as_job(dashboard.control, account, known.job.type, resources)
    except ControlError as error:
        return False, error.detail, ""
    sent, wrong = outcome_of_operation(answered, known.job.type)
    if not sent:
        return False, "; ".join(each.detail for each in wrong), ""
    made = dashboard.root + path_of(account, sent)
    sent = formats.plural(len(resources), "operation")
    return True, f"The server has sent {sent} again, as a new job.", made


def _cancelled(dashboard: Dashboard, _: str, account: str, job_id: str) -> tuple[bool, str, str]:
    try:
        cancel_job(dashboard.control, account, job_id)
    except ControlError as error:
        return False, error.detail, ""
    return True, "The job is cancelled.", ""


ROUTES = (
    Route(f"{JOBS_PATH}/chosen", preview),
    Route(f"{JOBS_PATH}/chosen", carry_out, methods=["POST"]),
    Route(f"{JOB_PATH}/retry", edit_retry),
    Route(f"{JOB_PATH}/retry", send_retry, methods=["POST"]),
    Route(f"{JOB_PATH}/cancel", cancel_one, methods=["POST"]),
)
