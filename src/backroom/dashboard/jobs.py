"""The list of jobs over all accounts, newest first, as its filters in the URL narrow it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.routing import Route

from backroom import clock
from backroom.catalog.kinds import JOB_KINDS, KINDS, Verb
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, live_response, page, redirect
from backroom.jobs.lifecycle import Status
from backroom.store import keys
from backroom.store.job_search import JobFilter, JobPlace, JobsFound, find_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.dashboard.page import Dashboard
    from backroom.store.activity import FailedJob
    from backroom.store.database import Transaction
    from backroom.store.job_search import JobSummary

JOBS_PATH = f"{DASHBOARD_PATH}/jobs"
_FIELDS = ("state", "kind", "verb", "account", "from", "until", "text", "failures")
_MOST_ACCOUNTS = 200
"""Accounts that the field for one proposes."""
_SIZE = 50
_NOWHERE = "\x01"
"""In place of the id of an account that there is not. No account has it."""
_DETAIL = re.compile(r'"detail":("(?:[^"\\]|\\.)*")')


class ShownJob(NamedTuple):
    """A row of the list: the job, what it does, whose it is, and its first error in words."""

    job: JobSummary
    words: str
    account_name: str
    error: str


def words_of(job_type: str) -> str:
    """Give what a job does, such as `create items`, or its type where this version knows none."""
    known = JOB_KINDS.get(job_type)
    return f"{known.verb} {known.kind.plural}" if known else job_type


def asked_for(query: Mapping[str, str]) -> dict[str, str]:
    """Give the filters in a query that have a value."""
    return {name: query[name].strip() for name in _FIELDS if query.get(name, "").strip()}


def filter_of(tx: Transaction, asked: Mapping[str, str]) -> tuple[JobFilter, list[str]]:
    """Give what is asked for, and what of it makes no sense, in words."""
    wrong = []
    account = asked.get("account", "")
    if account:
        found = None if "\0" in account else keys.account_of(tx, account)
        wrong += [] if found else [f"There is no account {account!r}."]
        account = found or _NOWHERE
    moments = {}
    for name in ("from", "until"):
        moments[name] = _first_id_of(asked.get(name, ""))
        if asked.get(name) and not moments[name]:
            wrong.append(f"{asked[name]!r} is not a time: write it as 2026-01-31T08:00.")
    narrowed = "kind" in asked or "verb" in asked
    return (
        JobFilter(
            account,
            _types(asked.get("kind", ""), asked.get("verb", "")) if narrowed else (),
            asked.get("state", "").replace("\0", ""),
            moments["from"],
            moments["until"],
            asked.get("text", "").replace("\0", ""),
            "failures" in asked,
        ),
        wrong,
    )


def _types(kind: str, verb: str) -> tuple[str, ...]:
    found = (
        each.type
        for each in JOB_KINDS.values()
        if kind in {"", each.kind.name} and verb in {"", each.verb.value}
    )
    return tuple(found) or (_NOWHERE,)


def _first_id_of(text: str) -> str:
    """Give the least id that a job of a moment can have, empty if the text is no moment."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return clock.least_ulid(moment)
    except (ValueError, OverflowError):
        return ""


def place_of(text: str | None) -> JobPlace | None:
    """Read the place of a job in a link, as `job_id.account`."""
    job_id, dot, account = (text or "").replace("\0", "").partition(".")
    return JobPlace(job_id, account) if dot else None


def _query_of_page(asked: Mapping[str, str], name: str, place: JobPlace | None) -> str:
    return "" if place is None else urlencode({**asked, name: f"{place.job_id}.{place.account}"})


def listed_jobs(
    dashboard: Dashboard,
    asked: Mapping[str, str],
    border: JobPlace | None = None,
    *,
    ascending: bool = False,
) -> dict[str, Any]:
    """Give the values that the list shows."""
    with dashboard.control.database.read() as tx:
        narrowed, wrong = filter_of(tx, asked)
        found = find_jobs(tx, narrowed, border, ascending=ascending, size=_SIZE)
        names = {each.account: each.name for each in keys.all_accounts(tx)}
    rows = [
        ShownJob(
            each, words_of(each.type), names.get(each.account, each.account), first_error(each)
        )
        for each in found.jobs
    ]
    return {
        "rows": rows,
        "wrong": wrong,
        "at_start": border is None,
        "ascending": ascending,
        "is_last": found.is_last,
        **_links(asked, found, border, ascending=ascending),
    }


def _links(
    asked: Mapping[str, str], found: JobsFound, border: JobPlace | None, *, ascending: bool
) -> dict[str, str]:
    """Give the queries of the pages beside this one, empty where there are none."""
    ends = [found.jobs[0].place, found.jobs[-1].place] if found.jobs else [border, border]
    newer = None if border is None or (ascending and found.is_last) else ends[0]
    older = None if not ascending and found.is_last else ends[1]
    further = found.looked_until
    if further is not None and ascending:
        newer = further
    elif further is not None:
        older = further
    return {
        "newer": _query_of_page(asked, "after", newer),
        "older": _query_of_page(asked, "before", older),
        "further": "yes" if further is not None else "",
    }


def first_error(job: JobSummary | FailedJob) -> str:
    """Give the words of a job's first error, empty where it has none."""
    found = _DETAIL.search(job.errors)
    try:
        return str(msgspec.json.decode(found[1])) if found else ""
    except msgspec.DecodeError:
        return ""


def list_jobs_page(request: Request) -> Response:
    """Show a page of the list. `before` and `after` in the query say where it begins."""
    query = request.query_params
    dashboard = dashboard_of(request)
    asked = asked_for(query)
    newer, older = place_of(query.get("after")), place_of(query.get("before"))
    ascending = newer is not None
    found = listed_jobs(dashboard, asked, newer or older, ascending=ascending)
    if ascending and found["is_last"]:
        # It ends at the newest job, so it would be the first page but for those that come.
        return redirect(request, f"{JOBS_PATH}?{urlencode(asked)}" if asked else JOBS_PATH)
    with dashboard.control.database.read() as tx:
        accounts = keys.all_accounts(tx)[:_MOST_ACCOUNTS]
    return page(
        request,
        "jobs.html",
        section="jobs",
        asked=asked,
        query=urlencode(asked),
        states=list(Status),
        kinds=list(KINDS),
        verbs=[each.value for each in Verb],
        accounts=accounts,
        **found,
    )


def live_jobs(request: Request) -> Response:
    """Keep the newest jobs up to date."""
    dashboard = dashboard_of(request)
    asked = asked_for(request.query_params)
    return live_response(
        request,
        f"jobs?{urlencode(asked)}",
        lambda: dashboard.rendered("jobs_live.html", **listed_jobs(dashboard, asked)),
    )


ROUTES = (
    Route(JOBS_PATH, list_jobs_page),
    Route(f"{JOBS_PATH}/live", live_jobs),
)
