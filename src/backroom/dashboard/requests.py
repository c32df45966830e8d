"""The journal as pages: the last requests as they come, why each was refused, and sent again."""

from __future__ import annotations

import difflib
import inspect
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.routing import Route

from backroom import clock
from backroom.catalog.values import whole_number
from backroom.control.route import ControlError
from backroom.dashboard.mount import DASHBOARD_PATH
from backroom.dashboard.page import dashboard_of, live_response, page, redirect
from backroom.revisions import NEWEST, REVISIONS
from backroom.store import keys
from backroom.testing.journal import Wanted
from backroom.testing.journal_entry import LONGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from backroom.dashboard.page import Dashboard
    from backroom.testing.journal import Journal
    from backroom.testing.journal_entry import Body, JournalEntry

REQUESTS_PATH = f"{DASHBOARD_PATH}/requests"
MOST_REQUESTS_SHOWN = 100
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
_FILTER_FIELDS = ("method", "status", "account", "revision", "text")
_STATUSES_OFFERED = ("2xx", "4xx", "5xx", "400", "401", "403", "404", "409", "429")
_METHODS_OFFERED = ("GET", "POST", "PATCH", "DELETE")


class Part(NamedTuple):
    """One error of an answer: its words, where it points, and what stands there in the request."""

    detail: str
    place: str
    value: str | None


def journal_of(dashboard: Dashboard) -> Journal | None:
    """Give the journal, or None if the server keeps none."""
    found: Journal | None = dashboard.control.parts.get("journal")
    return found


def asked_requests(query: Mapping[str, str]) -> dict[str, str]:
    """Give the filters in a query that have a value."""
    return {name: query[name].strip() for name in _FILTER_FIELDS if query.get(name, "").strip()}


def _found_entries(
    journal: Journal, asked: dict[str, str], before: int | None
) -> list[JournalEntry]:
    """Give the newest requests that are asked for, one more than are shown."""
    text = asked.get("text", "").casefold()
    wanted = Wanted(
        method=asked.get("method"),
        status=asked.get("status"),
        account=asked.get("account"),
        revision=asked.get("revision"),
    )
    matching = [
        each
        for each in reversed(journal.find(wanted))
        if (before is None or each.number < before) and (not text or _has_text(each, text))
    ]
    return matching[: MOST_REQUESTS_SHOWN + 1]


def _has_text(entry: JournalEntry, text: str) -> bool:
    places = (entry.path, entry.operation or "", entry.reason or "", entry.body.text)
    return any(text in each.casefold() for each in places)


def _listed_entries(
    dashboard: Dashboard, journal: Journal, asked: dict[str, str], before: int | None
) -> dict[str, Any]:
    found = _found_entries(journal, asked, before)
    with dashboard.control.database.read() as tx:
        names = {each.account: each.name for each in keys.all_accounts(tx)}
    shown = found[:MOST_REQUESTS_SHOWN]
    older = (
        urlencode({**asked, "before": shown[-1].number}) if len(found) > MOST_REQUESTS_SHOWN else ""
    )
    return {
        "entries": shown,
        "names": names,
        "older": older,
        "narrowed": bool(asked),
        "today": clock.now().date(),
    }


def list_requests(request: Request) -> Response:
    """Show the newest requests, or those before the number `before`."""
    dashboard = dashboard_of(request)
    journal = journal_of(dashboard)
    if journal is None:
        return page(request, "no_journal.html", section="requests")
    asked = asked_requests(request.query_params)
    before = _number_of(request.query_params.get("before"))
    listed = _listed_entries(dashboard, journal, asked, before)
    return page(
        request,
        "requests.html",
        section="requests",
        asked=asked,
        query=urlencode(asked),
        before=before,
        statuses=_STATUSES_OFFERED,
        methods=_METHODS_OFFERED,
        revisions=list(REVISIONS)[::-1],
        **listed,
    )


def live_requests(request: Request) -> Response:
    """Keep the newest requests up to date."""
    dashboard = dashboard_of(request)
    journal = _journal_kept(dashboard)
    asked = asked_requests(request.query_params)
    return live_response(
        request,
        f"requests?{urlencode(asked)}",
        lambda: dashboard.rendered(
            "requests_live.html", before=None, **_listed_entries(dashboard, journal, asked, None)
        ),
    )


def _number_of(text: str | None) -> int | None:
    return whole_number(text or "")


def _journal_kept(dashboard: Dashboard) -> Journal:
    journal = journal_of(dashboard)
    if journal is None:
        raise ControlError(409, "The server keeps no journal. Start it with --journal on.")
    return journal


def _entry(request: Request, number: str | None) -> JournalEntry:
    entry = _journal_kept(dashboard_of(request)).entry(_number_of(number) or 0)
    if entry is None:
        raise HTTPException(404, f"The journal no longer has request {number}.")
    return entry


def show_request(request: Request) -> Response:
    """Show one request with its answer, and beside another one if the query names it in `with`."""
    entry = _entry(request, request.path_params["number"])
    other_number = request.query_params.get("with")
    other = _entry(request, other_number) if other_number else None
    with dashboard_of(request).control.database.read() as tx:
        account = entry.account and (keys.account_name(tx, entry.account) or entry.account)
    return page(
        request,
        "request.html",
        section="requests",
        entry=entry,
        account=account,
        shown=entry.as_json(),
        body=pretty_body(entry.body),
        answer=pretty_body(entry.answer),
        parts=list(parts_of(entry)),
        meaning=meaning_of(entry),
        curl=as_curl(entry, str(request.base_url).rstrip("/")),
        can_send=can_send_again(entry),
        unread=is_unread(entry),
        other=other,
        difference=list(differing_lines(entry, other)) if other else [],
    )


def meaning_of(entry: JournalEntry) -> str:
    """Give what the kind of a refusal means, or that a fault was injected."""
    if entry.fault is not None:
        return f"Injected fault {entry.fault} struck this request."
    fault = entry.refusal
    words = inspect.getdoc(type(fault)) if fault is not None else None
    return re.sub(r"\s+", " ", (words or "").replace("`", "")).strip()


def parts_of(entry: JournalEntry) -> Iterable[Part]:
    """Give each error of an answer, with the value that it points to."""
    document = entry.answer.document
    errors = document.get("errors", []) if isinstance(document, dict) else []
    for each in errors if isinstance(errors, list) else []:
        source = each.get("source") or {}
        pointer, parameter = source.get("pointer"), source.get("parameter")
        place = f"parameter {parameter}" if parameter else pointer or ""
        yield Part(str(each.get("detail", "")), place, _pointed_value(entry.body.document, pointer))


def _pointed_value(document: Any, pointer: str | None) -> str | None:
    """Give what stands at a pointer, as JSON on one line, or None if nothing or an object does."""
    steps = [each for each in (pointer or "").split("/") if each]
    if not steps:
        return None
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif (
            isinstance(document, list)
            and (place := whole_number(name, len(document) - 1)) is not None
        ):
            document = document[place]
        else:
            return None
    return None if isinstance(document, dict) else msgspec.json.encode(document).decode()


def pretty_body(body: Body) -> str:
    """Give a body as it is read by people: JSON in lines."""
    if body.document is None:
        return body.text
    return msgspec.json.format(msgspec.json.encode(body.document), indent=2).decode()


def as_curl(entry: JournalEntry, base: str) -> str:
    """Give the command that sends a request. The key stands in a variable of the shell."""
    words = ["curl", "-X", entry.method, shlex.quote(base + entry.path)]
    lines = [" ".join(words), '-H "Authorization: Klaviyo-API-Key $KLAVIYO_API_KEY"']
    if entry.revision:
        lines.append(f"-H {shlex.quote('revision: ' + entry.revision)}")
    if entry.body.length or is_unread(entry):
        lines.append("-H 'Content-Type: application/vnd.api+json'")
        lines.append("-d @body.json" if is_unread(entry) else f"-d {shlex.quote(entry.body.text)}")
    return " \\\n  ".join(lines)


def is_unread(entry: JournalEntry) -> bool:
    """Whether the server may have refused a request by its head, before it read the body."""
    has_body = entry.method in _WITH_BODY or "/relationships/" in entry.path
    return entry.refusal is not None and has_body and not entry.body.length


def can_send_again(entry: JournalEntry) -> bool:
    """Whether the journal has all of a request, and knows whose it is."""
    is_whole = entry.body.length <= LONGEST_BODY and not is_unread(entry)
    return entry.account is not None and is_whole


def send_once_more(request: Request) -> Response:
    """Send a request once more, as the same account, and show its answer."""
    dashboard = dashboard_of(request)
    journal = _journal_kept(dashboard)
    entry = _entry(request, request.path_params["number"])
    if not can_send_again(entry) or entry.account is None:
        raise ControlError(409, "The journal does not have all of this request.")
    last = journal.last
    body = entry.body.text.encode() if entry.body.length else b""
    revision = entry.revision or NEWEST
    call = dashboard.control.parts["call"]
    answered = call(entry.account, entry.method, entry.path, revision, body)
    sent = [each for each in journal.find(Wanted(since=last)) if each.path == entry.path]
    if not sent:
        raise ControlError(
            404,
            f"The server answered with {answered.status}. The journal did not keep the request.",
        )
    return redirect(request, f"{REQUESTS_PATH}/{sent[-1].number}?with={entry.number}")


def differing_lines(entry: JournalEntry, other: JournalEntry) -> Iterable[tuple[str, str]]:
    """Give the lines in which two requests and their answers differ, each with its sign.

    The sign is `-` for a line of `other`, `+` for one of `entry`, and a blank for one of both.
    """
    found = difflib.unified_diff(
        _lines_of_entry(other),
        _lines_of_entry(entry),
        f"request {other.number}",
        f"request {entry.number}",
    )
    for line in found:
        yield (line[0], line[1:].rstrip("\n")) if line[0] in "+- " else ("@", line.rstrip("\n"))


def _lines_of_entry(entry: JournalEntry) -> list[str]:
    head = [f"{entry.method} {entry.path}", f"revision: {entry.revision}", f"{entry.status}"]
    return [
        *head[:2],
        *pretty_body(entry.body).splitlines(),
        head[2],
        *pretty_body(entry.answer).splitlines(),
    ]


ROUTES = (
    Route(REQUESTS_PATH, list_requests),
    Route(f"{REQUESTS_PATH}/live", live_requests),
    Route(f"{REQUESTS_PATH}/{{number}}", show_request),
    Route(f"{REQUESTS_PATH}/{{number}}/send", send_once_more, methods=["POST"]),
)
