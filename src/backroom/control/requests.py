"""The requests of the journal over the control API.

Event-loop code: the requests that are followed come as an async iterator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from backroom.catalog.values import whole_number
from backroom.control.route import Control, ControlError, ControlRoute, Given
from backroom.testing.journal import ANYTHING, Journal, Wanted
from backroom.testing.json_path import InvalidPath

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_TEXT_FILTERS = ("operation", "method", "path", "status", "account", "revision")
_LONGEST_WAIT = 600
"""Seconds."""
_MOST_REQUESTS_SHOWN = 100


def _journal(control: Control) -> Journal:
    journal = control.parts.get("journal")
    if journal is None:
        raise ControlError(409, "The server keeps no journal. Start it with `--journal on`.")
    return cast("Journal", journal)


def wanted_of(given: Given) -> Wanted:
    """Read the filters for requests from the query or the body. Raises `ControlError`."""
    asked: Mapping[str, Any] = {**given.query, **given.body}
    texts = {name: _text_in(asked, name) for name in _TEXT_FILTERS}
    since = whole_number(_text_in(asked, "since") or "0")
    if since is None:
        raise ControlError(400, "`since` must be the number of a request.")
    try:
        return Wanted(
            **texts,
            body=_values_by_path(asked.get("body")),
            answer=_values_by_path(asked.get("answer")),
            since=since,
        )
    except InvalidPath as error:
        raise ControlError(400, str(error)) from None


def _text_in(asked: Mapping[str, Any], name: str) -> str | None:
    """Give a filter as a text, None if it is not given. Raises `ControlError`."""
    value = asked.get(name)
    if isinstance(value, (dict, list)):
        raise ControlError(400, f"`{name}` must be a text.")
    return None if value is None or value == "" else str(value)


def _values_by_path(asked: Any) -> dict[str, Any]:
    """Read values by their paths: an object, or in a query a text as `$.data.type=catalog-item`.

    A path alone stands for any value at it.
    """
    if asked is None:
        return {}
    if isinstance(asked, dict):
        return asked
    path, equals, value = str(asked).partition("=")
    if not equals:
        return {path: ANYTHING}
    try:
        return {path: msgspec.json.decode(value)}
    except msgspec.MsgspecError:
        return {path: value}


def _number_in(given: Mapping[str, Any], name: str, default: float, most: float) -> float:
    try:
        number = float(given.get(name, default))
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= most:
        raise ControlError(400, f"`{name}` must be a number from 0 to {most:g}.")
    return number


def _found_requests(control: Control, given: Given) -> Any:
    limit = int(_number_in({**given.query, **given.body}, "limit", _MOST_REQUESTS_SHOWN, 1_000))
    found = _journal(control).find(wanted_of(given))
    kept = found[max(0, len(found) - limit) :]
    return {"requests": [each.as_json() for each in kept], "count": len(found)}


def _counted(control: Control, given: Given) -> Any:
    return {"count": _journal(control).count(wanted_of(given))}


def _one_request(control: Control, given: Given) -> Any:
    number = given.path["number"]
    place = whole_number(number)
    found = None if place is None else _journal(control).entry(place)
    if found is None:
        raise ControlError(404, f"There is no request {number}. `GET /requests` lists those kept.")
    return found.as_json()


def _wait(control: Control, given: Given) -> Any:
    count = int(_number_in(given.body, "count", 1, 1_000))
    seconds = _number_in(given.body, "timeout", 10, _LONGEST_WAIT)
    try:
        found = _journal(control).wait(wanted_of(given), count, seconds)
    except TimeoutError as error:
        raise ControlError(408, f"{error}.") from None
    return {"requests": [each.as_json() for each in found], "count": len(found)}


def _clear(control: Control, _: Given) -> None:
    _journal(control).clear()


def _follow(control: Control, given: Given) -> AsyncIterator[str]:
    return _events(_journal(control), wanted_of(given))


async def _events(journal: Journal, wanted: Wanted) -> AsyncIterator[str]:
    """Give requests as server-sent events. A comment says that they are followed from now on."""
    with journal.followed(wanted) as entries:
        yield ": following\n\n"
        async for entry in entries:
            document = msgspec.json.encode(entry.as_json()).decode()
            yield f"id: {entry.number}\nevent: request\ndata: {document}\n\n"


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute(
        "GET", "/requests", "The requests that the journal keeps, oldest first.", _found_requests
    ),
    ControlRoute(
        "POST",
        "/requests/find",
        "The same, by a body of JSON, with any number of values in `body` and `answer`.",
        _found_requests,
    ),
    ControlRoute("GET", "/requests/count", "How many requests match.", _counted),
    ControlRoute("POST", "/requests/count", "The same, by a body of JSON.", _counted),
    ControlRoute("GET", "/requests/live", "Each request as it comes, as an event.", _follow),
    ControlRoute(
        "POST",
        "/requests/wait",
        "Wait until a number of requests match, and give them.",
        _wait,
        waits=True,
    ),
    ControlRoute("GET", "/requests/{number}", "One request.", _one_request),
    ControlRoute("DELETE", "/requests", "Remove all requests from the journal.", _clear, 204),
)
"""`/requests/live` gives an async iterator of events, and `/requests/wait` blocks its thread."""
