"""The first page: what the server is doing, how fast, and what went wrong lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from starlette.routing import Route

from backroom import clock
from backroom.dashboard import charts, workers
from backroom.dashboard.jobs import first_error, words_of
from backroom.dashboard.mount import DASHBOARD_PATH, HOME
from backroom.dashboard.page import dashboard_of, live_response, page
from backroom.dashboard.traffic import SLICE, percentile
from backroom.store import activity, keys

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse

    from backroom.api.limits import Limiter
    from backroom.dashboard.page import Dashboard
    from backroom.dashboard.traffic import Refused, Slice

_IN_PROGRESS_STATES = ("queued", "processing")
_LAST_MINUTE = timedelta(minutes=1)
_SLICE = timedelta(seconds=SLICE)
_LATEST = 5
"""How many slices the figures of now are taken from."""


class BySecond(NamedTuple):
    """Something by the second: now, and over the last minutes."""

    now: float
    line: charts.Sparkline


def _rate(values: list[float]) -> BySecond:
    latest = values[-_LATEST:]
    return BySecond(sum(latest) / len(latest), charts.sparkline(values))


def overview_values(dashboard: Dashboard) -> dict[str, Any]:
    """Give the values that the live part shows."""
    slices = dashboard.traffic.slices()
    limiter: Limiter | None = dashboard.control.parts["limiter"]
    durations = [each for one in slices[-_LAST_MINUTE // _SLICE :] for each in one.seconds]
    with dashboard.control.database.read() as tx:
        now = clock.now()
        work = activity.jobs_in_progress(tx)
        failures = dashboard.failures.still_there(tx)
        sizes = dashboard.sizes.now(tx)
        applied = dashboard.applied.by_slice(tx, now, len(slices))
        names = {each.account: each.name for each in keys.all_accounts(tx)}
    return {
        "requests": _rate([each.requests / SLICE for each in slices]),
        "failures": _rate([each.failures / SLICE for each in slices]),
        "operations": _rate([each / SLICE for each in applied]),
        "latency": _latency(slices),
        "median": percentile(durations, 0.5),
        "slowest": percentile(durations, 0.95),
        "work": work,
        "by_status": dict.fromkeys(_IN_PROGRESS_STATES, 0) | work.by_status,
        "waiting": None if work.oldest is None else _age_of(work.oldest, now),
        "failed": [
            (each, words_of(each.type), first_error(each), corrected)
            for each, corrected in failures.jobs
        ],
        "imports": failures.imports,
        "corrected": failures.corrected,
        "refused": [(each, _query_of(each)) for each in dashboard.traffic.refused()[:8]],
        "sizes": sizes,
        "names": names,
        # By name: bars that change places as they grow can't be followed.
        "uses": sorted(limiter.fullest(6)) if limiter is not None else None,
        "counts_together": bool(dashboard.control.settings.limits_store),
        "since": dashboard.traffic.since,
        "began_now": now - dashboard.traffic.since < _LAST_MINUTE,
        "has_journal": dashboard.control.parts.get("journal") is not None,
        **workers.shown_workers(dashboard),
    }


def _query_of(refused: Refused) -> str:
    """Give the query by which the page of requests shows those that were refused like this."""
    # Where the path led to no operation, the method stands in its place.
    name = "method" if refused.operation.isupper() else "text"
    return urlencode({"status": refused.status, name: refused.operation})


def _age_of(moment: str, now: datetime) -> float:
    return max((now - datetime.fromisoformat(moment)).total_seconds(), 0.0)


def _latency(slices: list[Slice]) -> charts.Sparkline:
    return charts.sparkline([percentile(each.seconds, 0.5) or 0.0 for each in slices])


def overview(request: Request) -> Response:
    """Show the page."""
    dashboard = dashboard_of(request)
    return page(request, "overview.html", section="overview", **overview_values(dashboard))


def live_overview(request: Request) -> StreamingResponse:
    """Keep the page up to date."""
    dashboard = dashboard_of(request)
    return live_response(
        request,
        "overview",
        lambda: dashboard.rendered("overview_live.html", **overview_values(dashboard)),
    )


ROUTES = (
    Route(HOME, overview),
    Route(HOME.rstrip("/"), overview),
    Route(f"{DASHBOARD_PATH}/live/overview", live_overview),
)
