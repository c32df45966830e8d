"""One job: its progress, the result of each operation, and how two revisions show it."""

from __future__ import annotations

import difflib
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from starlette.routing import Route

from backroom.api.in_process import look_up
from backroom.catalog.kinds import JOB_KINDS
from backroom.control.corrected import corrections_of_job, number_corrected
from backroom.control.jobs import known_job
from backroom.control.route import ControlError
from backroom.dashboard import formats
from backroom.dashboard.jobs import JOBS_PATH, words_of
from backroom.dashboard.page import dashboard_of, live_response, page
from backroom.jobs.results import FAILED
from backroom.revisions import NEWEST, OLDEST, REVISIONS
from backroom.store import keys
from backroom.store.job_search import jobs_before

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.control.corrected import Correction
    from backroom.control.jobs import KnownJob
    from backroom.dashboard.page import Dashboard
    from backroom.jobs.results import Result

JOB_PATH = f"{JOBS_PATH}/{{account}}/{{job_id}}"
_MOST_LINES = 1_000
"""Lines of the documents of two revisions that are shown."""
_LONGEST_RESOURCE = 20_000
"""Characters of an operation that are shown."""


class Side(NamedTuple):
    """A line of one document beside one of the other. One of them may be missing."""

    left: str | None
    right: str | None
    differs: bool


class Reason(NamedTuple):
    """Why an operation has failed: the resource, the words of the error, and where it points.

    `value` is the JSON that stands there, empty where the detail says it or nobody knows.
    """

    named: str
    detail: str
    pointer: str
    value: str = ""


class ShownResult(NamedTuple):
    """An operation as it is shown: what came of it, and its JSON.

    `since` is what has corrected it, if it has failed, and `corrected_by` the path of that job.
    """

    place: int
    external_id: str
    link: str
    words: str
    reason: Reason | None
    text: str
    since: Correction | None = None
    corrected_by: str = ""


def path_of(account: str, job_id: str) -> str:
    """Give the path of a job's page, as `redirect` takes it."""
    return f"{JOBS_PATH}/{quote(account, safe='')}/{quote(job_id, safe='')}"


def _asked_job(request: Request) -> tuple[Dashboard, KnownJob]:
    dashboard = dashboard_of(request)
    account, job_id = request.path_params["account"], request.path_params["job_id"]
    return dashboard, known_job(dashboard.control, account, job_id)


def head_of(dashboard: Dashboard, account: str, job_id: str) -> dict[str, Any]:
    """Give what the part with the state of a job shows."""
    known = known_job(dashboard.control, account, job_id)
    job = known.job
    with dashboard.control.database.read() as tx:
        name = keys.account_name(tx, account) or account
        ahead = 0 if job.completed_at else jobs_before(tx, account, job_id)
        corrected = number_corrected(tx, account, job) if job.failed_count else 0
    return {
        "job": job,
        "words": words_of(job.type),
        "account": account,
        "account_name": name,
        "ahead": ahead,
        "corrected": corrected,
        "is_kept": known.results is not None,
        "path": dashboard.root + path_of(account, job_id),
    }


def _shown_results(dashboard: Dashboard, known: KnownJob, account: str) -> list[ShownResult]:
    kind = JOB_KINDS[known.job.type].kind.name if known.job.type in JOB_KINDS else ""
    start = (
        f"{dashboard.root}{JOBS_PATH.removesuffix('jobs')}catalog/{quote(account, safe='')}/{kind}/"
    )
    corrections = corrections_of_job(dashboard.control, account, known.job)
    found = []
    for each in known.results or []:
        shown = _shown_result(each, start)
        since = corrections.get(each.external_id) if each.words == FAILED else None
        if since is not None:
            by = dashboard.root + path_of(account, since.job_id) if since.job_id else ""
            shown = shown._replace(since=since, corrected_by=by)
        found.append(shown)
    return found


def _shown_result(result: Result, start: str) -> ShownResult:
    text = pretty(msgspec.json.encode(result.resource))
    if len(text) > _LONGEST_RESOURCE:
        text = f"{text[:_LONGEST_RESOURCE]}\n… and {len(text) - _LONGEST_RESOURCE:,} characters"
    link = start + quote(result.external_id, safe="")
    reason = reason_of(result.error, result.resource)
    return ShownResult(result.place, result.external_id, link, result.words, reason, text)


def reason_of(error: dict[str, Any] | None, resource: Any = None) -> Reason | None:
    """Give the words of an error as a job shows it. `resource` is what the operation sent."""
    if error is None:
        return None
    meta = error.get("meta") or {}
    named = str(meta.get("external_id") or meta.get("id") or "")
    pointer = (error.get("source") or {}).get("pointer") or ""
    detail = str(error.get("detail", ""))
    found = [] if resource is None else values_where(resource, str(pointer))
    values = [formats.as_json(each) for each in found if str(each) not in detail]
    return Reason(named, detail, str(pointer), ", ".join(values))


def values_where(resource: Any, pointer: str) -> list[Any]:
    """Give what stands in an operation where an error of its job points.

    A job points through its lists without places: it means all of their members.
    """
    # Before them are those to the operation: /data/attributes/items/data.
    steps = pointer.split("/")[5:]
    found = [resource] if steps else []
    for step in steps:
        inner = [each for one in found for each in (one if isinstance(one, list) else [one])]
        found = [each[step] for each in inner if isinstance(each, dict) and step in each]
    return found


def pretty(document: bytes) -> str:
    """Give JSON as people read it."""
    try:
        return msgspec.json.format(document, indent=2).decode()
    except msgspec.DecodeError:
        return document.decode(errors="replace")


def operations_of(request: Request) -> dict[str, Any]:
    """Give what the part with the operations shows: all, or with `only` those with one result."""
    dashboard, known = _asked_job(request)
    account = request.path_params["account"]
    results = _shown_results(dashboard, known, account)
    counts: dict[str, int] = {}
    for each in sorted(results, key=lambda each: each.words != FAILED):
        counts[each.words] = counts.get(each.words, 0) + 1
    only = request.query_params.get("only", "")
    shown = [each for each in results if only in {"", each.words}]
    shown.sort(key=lambda each: (each.words != FAILED, each.place))
    return {
        "results": shown,
        "counts": counts,
        "only": only,
        "loose": list(map(reason_of, msgspec.json.decode(known.job.errors))),
    }


def sides_of(left: str, right: str) -> list[Side]:
    """Give two texts line by line, beside each other."""
    whole = [text.splitlines() for text in (left, right)]
    ones, others = (lines[:_MOST_LINES] for lines in whole)
    found = []
    blocks = difflib.SequenceMatcher(None, ones, others, autojunk=False).get_opcodes()
    if max(map(len, whole)) > _MOST_LINES and blocks[-1][0] != "equal":
        # The lines beside these were cut off.
        blocks.pop()
    for what, i, until_i, j, until_j in blocks:
        pairs = zip_longest(ones[i:until_i], others[j:until_j])
        found += [Side(one, other, what != "equal") for one, other in pairs]
    return found


def _documents_compared(request: Request, dashboard: Dashboard, known: KnownJob) -> dict[str, Any]:
    chosen = [
        given if (given := request.query_params.get(name, "")) in REVISIONS else usual
        for name, usual in (("left", OLDEST), ("right", NEWEST))
    ]
    job = known.job
    if job.type not in JOB_KINDS:
        return {
            "sides": [],
            "is_cut": False,
            "left": chosen[0],
            "right": chosen[1],
            "statuses": [0, 0],
        }
    target = f"/api/{JOB_KINDS[job.type].collection}/{quote(job.job_id, safe='')}"
    url = dashboard.control.settings.public_url or str(request.base_url)
    answers = [
        look_up(dashboard.control.database, request.path_params["account"], target, each, url)
        for each in chosen
    ]
    bodies = [pretty(each.body) for each in answers]
    return {
        "left": chosen[0],
        "right": chosen[1],
        "is_cut": any(each.count("\n") >= _MOST_LINES for each in bodies),
        "statuses": [each.status for each in answers],
        "target": target,
        "sides": sides_of(bodies[0], bodies[1]),
    }


def _query_kept(request: Request) -> str:
    """Give the query of a job's page: which operations it shows, and which revisions."""
    given = request.query_params
    return urlencode({name: given[name] for name in ("only", "left", "right") if given.get(name)})


def _body_of(request: Request) -> dict[str, Any]:
    """Give what a job's page shows below its state."""
    dashboard, known = _asked_job(request)
    return {
        "revisions": list(REVISIONS)[::-1],
        "query": _query_kept(request),
        **head_of(dashboard, request.path_params["account"], known.job.job_id),
        **operations_of(request),
        **_documents_compared(request, dashboard, known),
    }


def show_job_page(request: Request) -> Response:
    """Show the page of a job."""
    shown = _body_of(request)
    is_live = shown["job"].completed_at is None
    return page(request, "job.html", section="jobs", is_live=is_live, **shown)


def live_job(request: Request) -> Response:
    """Keep the state of a job up to date."""
    dashboard = dashboard_of(request)
    account, job_id = request.path_params["account"], request.path_params["job_id"]
    query = _query_kept(request)

    def render() -> str:
        try:
            head = head_of(dashboard, account, job_id)
        except ControlError as gone:
            # It has expired, or a test has reset its account.
            return dashboard.rendered("message.html", title="The job is gone", words=gone.detail)
        return dashboard.rendered("job_live.html", is_live=True, query=query, **head)

    return live_response(request, f"job {account} {job_id} {query}", render)


def show_rest(request: Request) -> Response:
    """Show again what is below the state of a job that has ended while its page was open."""
    return page(request, "job_rest.html", **_body_of(request))


ROUTES = (
    Route(JOB_PATH, show_job_page),
    Route(f"{JOB_PATH}/live", live_job),
    Route(f"{JOB_PATH}/rest", show_rest),
)
