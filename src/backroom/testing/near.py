"""What a refused request came near to: an operation, a name, or a revision that would accept it.

A refused request is tried in all other revisions, because the tables know when each member and each
parameter exists. That takes some milliseconds, so it is done only when somebody asks.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from backroom.api import bodies, query
from backroom.api.neighbour_query import query_of
from backroom.api.not_served import unserved
from backroom.api.routes import PREFIXES
from backroom.catalog import published
from backroom.catalog.kinds import Verb
from backroom.catalog.neighbours import SERVED_OPERATIONS, Neighbour
from backroom.catalog.operations import Operation, Shape
from backroom.catalog.rules import rules_of
from backroom.errors import Fault, InvalidParameter, NotFound, UnknownParameter
from backroom.revisions import REVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.api.observer import Exchange
    from backroom.revisions import Revision

_QUOTED_WORD = re.compile("['`]([^'`]+)['`]")
_LIKE = 0.6
"""How much alike two names are, from 0 to 1, for one to be meant by the other."""
_ID_BEFORE = re.compile(r"(/(?:api|client)/[^/]+/)[^/]+")


def near(exchange: Exchange) -> str | None:
    """Say what a refused request came near to. None if nothing is known, or if it was accepted."""
    fault, known, operation = exchange.fault, exchange.known, exchange.operation
    method, path = known.request.method, known.request.raw_path
    if fault is None or exchange.mishap is not None:
        return None
    if known.path is None:
        missing = isinstance(fault, NotFound)
        return (unserved(method, path) or _nearest_operation(method, path)) if missing else None
    if operation is None:
        return unserved(method, path) or f"the path has {', '.join(known.path.operations)}"
    if known.revision is not None and known.revision.date < operation.since:
        return _since_words(f"operation `{operation.name}`", operation.since, known.revision)
    if known.revision is None or fault.status != Fault.status:
        return None
    return _near_in_tables(exchange, operation, known.revision, fault)


def _nearest_operation(method: str, path: str) -> str:
    asked = _ID_BEFORE.sub(r"\1{id}", path.removesuffix("/"))
    prefix = next((each for each in PREFIXES if asked.startswith(each)), PREFIXES[0])
    # All paths begin alike, so their beginning says nothing.
    rests = [
        each.path.removeprefix(prefix) for each in SERVED_OPERATIONS if each.path.startswith(prefix)
    ]
    rest = asked.removeprefix(prefix).removeprefix("/")
    found = difflib.get_close_matches(rest, dict.fromkeys(rests), 1, _LIKE)
    if not found:
        return f"not an operation; all paths of the API begin with {' or '.join(PREFIXES)}"
    served = [each for each in SERVED_OPERATIONS if each.path == prefix + found[0]]
    chosen = next((each for each in served if each.method == method), served[0])
    return f"not an operation; nearest is {chosen.method} {chosen.path}, `{chosen.name}`"


def _since_words(what: str, since: str, revision: Revision) -> str:
    return f"{what} is of revision {since} and later; this request says {revision.date}"


def _near_in_tables(
    exchange: Exchange, operation: Operation, revision: Revision, fault: Fault
) -> str | None:
    right = [each for each in REVISIONS.values() if _accepts(exchange, operation, each, fault)]
    what = _what(fault)
    if right:
        dates, first, last = list(REVISIONS), right[0].date, right[-1].date
        if first > revision.date:
            return _since_words(what, first, revision)
        if last < revision.date:
            until = dates[dates.index(last) + 1]
            return f"{what} is of revisions before {until}; this request says {revision.date}"
        return None
    if not _is_unknown(fault):
        return None
    name = _unknown_name(fault)
    found = difflib.get_close_matches(
        name, sorted(_possible_names(operation, revision, fault)), 1, _LIKE
    )
    return f"{what} is of no revision; nearest is `{found[0]}`" if found else None


def _is_unknown(fault: Fault) -> bool:
    unknown = re.search("is not (a valid field|an allowed relation|a filterable field)", str(fault))
    return unknown is not None


def _unknown_name(fault: Fault) -> str:
    quoted = _QUOTED_WORD.search(fault.detail)
    pointed = (fault.pointer or fault.parameter or "").rpartition("/")[2]
    return quoted[1] if quoted and _is_unknown(fault) else pointed or "it"


def _what(fault: Fault) -> str:
    if isinstance(fault, (InvalidParameter, UnknownParameter)):
        sort = "filter" if fault.parameter == "filter" else "parameter"
        return f"{sort} `{_unknown_name(fault)}`"
    shape = "" if _is_unknown(fault) else "this form of "
    return f"{shape}member `{_unknown_name(fault)}`"


def _accepts(exchange: Exchange, operation: Operation, revision: Revision, fault: Fault) -> bool:
    """Whether a revision reads the request without this fault."""
    if revision.date < operation.since:
        return False
    request, path = exchange.known.request, exchange.known.path
    try:
        query_of(operation, revision.date, request.query_string)
        if path is not None and operation.has_body and exchange.body:
            bodies.read_body(operation, revision, exchange.body, path.resource_id)
    except Fault as other:
        if _is_unknown(other) and _unknown_name(other) == _unknown_name(fault):
            return False
        # A fault further up hides all that is below it.
        place = other.pointer or ""
        return bool(place) and not (fault.pointer or "").startswith(place)
    return True


def _possible_names(operation: Operation, revision: Revision, fault: Fault) -> Iterable[str]:
    """Give the names that could stand where a name is unknown."""
    if isinstance(operation, Neighbour):
        facts = published.published_facts(operation, revision.date)
        if isinstance(fault, UnknownParameter):
            return {each.replace("[", "_").rstrip("]") for each in facts.query}
        return set(_members(facts.body))
    if isinstance(fault, UnknownParameter):
        # Its name is that of a field: no brackets.
        parameters = ("filter", "sort", "include", "page_size", "page_cursor")
        fields = (f"fields_{each}" for each in query.allowed_fields(operation, revision.date))
        return {*parameters, *fields}
    if fault.parameter == "filter":
        return {each.name for each in query.allowed_filters(operation, revision.date)}
    if fault.parameter is not None:
        allowed = query.allowed_fields(operation, revision.date)
        return {name for names in allowed.values() for name in names}
    if operation.bulk is not None:
        kind, verb = operation.bulk.kind, operation.bulk.verb
    else:
        kind = operation.kind
        verb = Verb.CREATE if operation.shape is Shape.CREATE else Verb.UPDATE
    rules = rules_of(verb, kind, revision.date)
    own = {operation.bulk.member} if operation.bulk is not None else set()
    return {*rules.members, *rules.attributes, *rules.relationships, *own, "data"}


def _members(schema: dict[str, Any] | None) -> Iterator[str]:
    """Give the names of all members of all objects that a published schema lists."""
    if schema is None:
        return
    for name, each in schema.get("properties", {}).items():
        yield name
        yield from _members(each)
    for each in (*schema.get("oneOf", ()), schema.get("items")):
        yield from _members(each)
