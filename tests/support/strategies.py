"""What the property tests draw from: JSON, bodies, filters, ids, and documents of the newest shape.

Bodies are drawn from the contract's own schemas, so that the contract is the judge of them.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from backroom import clock
from backroom.api import documents
from backroom.api.cursors import Cursor
from backroom.api.filters import Condition
from backroom.catalog import ids
from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS, KINDS
from backroom.catalog.operations import LINK_SHAPES, OPERATIONS, Shape
from backroom.errors import AlreadyExists, DoesNotExist, UnknownCategory, UnknownRelated
from backroom.jobs.apply import error_entry
from backroom.revisions import REVISIONS
from backroom.store.jobs import Job
from backroom.store.records import Record
from support.factories import shown
from support.wire_contract import OPERATIONS as PUBLISHED
from support.wire_contract import request_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.wire import Document
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.catalog.operations import Operation
    from backroom.errors import OperationFault
    from backroom.revisions import Revision
    from support.wire_contract import Operation as Published

    Path = tuple[str | int, ...]

BASE = "http://shop.test"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


QUICK_SHARE = 10


def thorough(examples: int) -> settings:
    """So many examples, however long each takes; a tenth of them in `make quick`."""
    if settings.get_current_profile_name() == "quick":
        examples = max(10, examples // QUICK_SHARE)
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples, deadline=None, derandomize=False, suppress_health_check=unhurried
    )


moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware by the strategy
revisions = st.sampled_from(list(REVISIONS.values()))
job_kinds = st.sampled_from(list(JOB_KINDS.values()))
operations = st.sampled_from(OPERATIONS)
bodied = st.sampled_from([each for each in OPERATIONS if each.has_body])
answering = st.sampled_from(
    [each for each in OPERATIONS if each.shape not in LINK_SHAPES | {Shape.DELETE}]
)
job_operations = st.sampled_from([each for each in OPERATIONS if each.bulk is not None])
posts = st.sampled_from([each for each in OPERATIONS if each.shape is Shape.JOB_POST])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""What a stored text may consist of: no body is accepted with a null character in it."""
json_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=12)
)
plain_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)


def _trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


json_values = _trees(json_scalars)
"""What Python's `json` can write, which is more than JSON: infinities and lone surrogates too."""
plain_json = _trees(plain_scalars)


# Ids and cursors


@st.composite
def ulids(draw: st.DrawFn) -> str:
    value = draw(st.integers(0, 2**128 - 1))
    return "".join(LETTERS[value >> shift & 31] for shift in range(125, -1, -5))


cursors = st.builds(Cursor, st.integers(0, 2**128 - 1), st.booleans())


# Filters


class Filter(NamedTuple):
    """A filter as text, and what it says."""

    text: str
    conditions: list[Condition]


_gaps = st.sampled_from(["", "", "", " ", "  ", "\t"])
_words = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="(),[]\"'"),
    min_size=1,
    max_size=8,
).filter(lambda word: word != "and")


def quoted(text: str, quote: str = '"') -> str:
    """A text as the filter grammar has it."""
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


@st.composite
def _scalars(draw: st.DrawFn) -> tuple[str, Any]:
    value = draw(
        st.text(max_size=12)
        | st.booleans()
        | st.none()
        | st.integers(-(10**15) + 1, 10**15 - 1)
        | st.decimals(-(10**9), 10**9, places=6).map(float)
    )
    if isinstance(value, str):
        return quoted(value, draw(st.sampled_from("\"'"))), value
    if isinstance(value, float):
        digits = f"{value:.6f}"
        return digits, float(digits)
    return msgspec.json.encode(value).decode(), value


@st.composite
def _values(draw: st.DrawFn) -> tuple[str, Any]:
    if draw(st.booleans()):
        return draw(_scalars())
    parts = draw(st.lists(_scalars(), min_size=1, max_size=4))
    gap = draw(_gaps)
    written = f"{gap},{gap}".join(text for text, _ in parts)
    return f"[{gap}{written}{gap}]", [value for _, value in parts]


@st.composite
def _conditions(draw: st.DrawFn) -> Filter:
    operator, field = draw(_words), draw(_words)
    text, value = draw(_values())
    gap = draw(_gaps)
    written = f"{gap}{operator}{gap}({gap}{field}{gap},{gap}{text}{gap}){gap}"
    return Filter(written, [Condition(operator, field, value)])


def _all_of(parts: list[Filter]) -> Filter:
    return Filter(
        ",".join(part.text for part in parts),
        [each for part in parts for each in part.conditions],
    )


def _nested(parts: list[Filter]) -> Filter:
    whole = _all_of(parts)
    return Filter(f"and({whole.text})", whole.conditions)


filters = st.recursive(
    _conditions(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(_nested)
        | st.lists(inner, min_size=1, max_size=3).map(_all_of)
    ),
    max_leaves=5,
)


# Bodies, from the schemas of the contract


def schema_name(revision: str, operation: Operation) -> str:
    """Under which name the contract has the schema of a body."""
    name = published(revision, operation).request_schema
    assert name
    return name


def published(revision: str, operation: Operation) -> Published:
    """The contract's row of an operation, which must be there at that revision."""
    path = operation.path.replace("{id}", "{job_id}") if operation.bulk else operation.path
    return PUBLISHED[revision][operation.method, path]


@cache
def _fitting_body(name: str) -> st.SearchStrategy[Any]:
    return fitting(request_schema(name))


def fitting(schema: Any) -> st.SearchStrategy[Any]:
    """Values that a schema accepts."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    nothing = [st.none()] if "null" in types else []
    if "enum" in schema:
        return st.one_of(st.sampled_from([v for v in schema["enum"] if v is not None]), *nothing)
    return st.one_of(*(_OF_TYPE[each](schema) for each in types if each != "null"), *nothing)


def _object(schema: Any) -> st.SearchStrategy[Any]:
    members = schema.get("properties")
    if members is None:
        return st.dictionaries(texts, plain_json, max_size=3)
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: fitting(part) for name, part in members.items() if name in needed},
        optional={name: fitting(part) for name, part in members.items() if name not in needed},
    )


_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_OF_TYPE: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": lambda schema: st.lists(fitting(schema["items"]), max_size=3),
    "string": lambda _: st.sampled_from(["a", "b", "$custom:::$default:::a"]) | texts,
    "number": lambda _: _numbers,
    "integer": lambda _: st.integers(),
    "boolean": lambda _: st.booleans(),
}


class Sent(NamedTuple):
    """A body, and whose it is."""

    revision: Revision
    operation: Operation
    body: Any

    @property
    def resource_id(self) -> str:
        """The id that the path has: the one in the body, where it has one."""
        data = self.body.get("data") if isinstance(self.body, dict) else None
        given = data.get("id") if isinstance(data, dict) else None
        return given if isinstance(given, str) else "$custom:::$default:::a"


@st.composite
def fitting_bodies(draw: st.DrawFn, of: st.SearchStrategy[Operation] = bodied) -> Sent:
    """Bodies that the contract accepts at their revision."""
    revision, operation = draw(revisions), draw(of)
    name = schema_name(revision.date, operation)
    return Sent(revision, operation, draw(_fitting_body(name)))


@st.composite
def altered_bodies(draw: st.DrawFn, of: st.SearchStrategy[Operation] = bodied) -> Sent:
    """Bodies that the contract would accept but for one to three places."""
    sent = draw(fitting_bodies(of))
    body = deepcopy(sent.body)
    for _ in range(draw(st.integers(1, 3))):
        body = draw(altered(body))
    return sent._replace(body=body)


@st.composite
def altered(draw: st.DrawFn, body: Any) -> Any:
    """The body, changed in one place."""
    places = list(paths(body))
    if not places:
        return draw(json_values)
    holder, step = draw(st.sampled_from(places))
    change = draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "remove":
        del holder[step]
    elif change == "add" and isinstance(holder, dict):
        holder[draw(texts | st.sampled_from(["id", "links", "item", "items", "sku"]))] = draw(
            json_values
        )
    else:
        holder[step] = draw(json_values)
    return body


def paths(value: Any) -> list[tuple[Any, Any]]:
    """Every place within a value, as what holds it and its name or index there."""
    if isinstance(value, dict):
        steps: list[Any] = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    else:
        return []
    inner = [place for step in steps for place in paths(value[step])]
    return [*((value, step) for step in steps), *inner]


# Documents of the newest shape


@st.composite
def _faults(draw: st.DrawFn, kind: Kind) -> OperationFault:
    name, resource_id = kind.with_article, ids.resource_id(draw(texts))
    return draw(
        st.sampled_from(
            [
                AlreadyExists(name, draw(texts)),
                DoesNotExist(name, resource_id),
                UnknownCategory("/relationships/categories"),
                *(
                    UnknownRelated(name, resource_id, f"/relationships/{each.name}")
                    for each in kind.relations
                ),
            ]
        )
    )


@st.composite
def job_rows(draw: st.DrawFn, job_kind: JobKind) -> Job:
    """Jobs as the store may hold them, at any point of their life."""
    created = draw(moments)
    names = draw(st.lists(texts, max_size=3))
    drafts = [Draft(ids.resource_id(name)) for name in names]
    faults = draw(st.lists(_faults(job_kind.kind), max_size=2))
    complete = draw(st.booleans())
    entries = [error_entry(job_kind, Draft(ids.resource_id("a")), fault) for fault in faults]
    linkage = [{"type": job_kind.kind.type, "id": draft.id} for draft in drafts]
    return Job(
        job_id=draw(ulids()),
        type=job_kind.type,
        status="complete" if complete else draw(st.sampled_from(["queued", "processing"])),
        created_at=clock.timestamp(created),
        expires_at=clock.timestamp(created),
        completed_at=clock.timestamp(created) if complete else None,
        total_count=len(names) + len(faults),
        completed_count=len(names) if complete else 0,
        failed_count=len(faults) if complete else 0,
        errors=msgspec.json.encode(entries if complete else []).decode(),
        linkage=msgspec.json.encode(linkage if complete else []).decode(),
    )


ODD_IDS = (
    '","',
    '["',
    '"]',
    "a\\",
    'a\\"',
    "\x01\n",
    "ä/ö€😀",
    "a/b c",
    "%s",
    "~~base~~",
    "~~parent~~",
    "$custom:::",
)
"""Names that look like parts of an answer, or that JSON or a URL writes in another way."""
external_ids = st.sampled_from(ODD_IDS) | st.text(STORABLE, min_size=1, max_size=8)
_like_members = st.sampled_from(
    [',"price":null', '"price":null,', '{"inventory_quantity":null}', '"custom_metadata":{', "null"]
)


@st.composite
def records(draw: st.DrawFn, kind: Kind) -> Record:
    """Resources as they are stored, with texts and objects that look like attributes of null."""
    external_id = draw(external_ids)
    any_texts = st.text(STORABLE, max_size=12) | _like_members
    names = any_texts | st.sampled_from(["price", "inventory_quantity", "custom_metadata", "title"])
    forms = {
        "text": any_texts,
        "number": st.none() | st.integers(0, 99) | st.floats(0, 1e20),
        "quantity": st.none() | st.integers(0, 99),
        "boolean": st.booleans(),
        "texts": st.lists(any_texts, max_size=2),
        "object": st.just({"price": None, "inventory_quantity": None})
        | st.dictionaries(names, st.none() | any_texts | st.just({"price": None}), max_size=2),
        "choice": st.sampled_from([0, 1, 2]),
    }
    attributes: dict[str, Any] = {each.name: draw(forms[each.form]) for each in kind.attributes}
    attributes["external_id"] = external_id
    attributes |= dict.fromkeys(kind.dated, clock.coarse_timestamp(draw(moments)))
    return Record(1, external_id, msgspec.json.encode(attributes).decode())


@st.composite
def canonical_documents(draw: st.DrawFn, operation: Operation, revision: Revision) -> Document:
    """Successful answers of an operation before they are taken down to a revision."""
    url = f"{BASE}{operation.path}".replace("{id}", draw(ulids()))
    including = bool(operation.includes) and draw(st.booleans())
    of_data = (
        _jobs(operation, including)
        if operation.bulk
        else _resources(operation, revision, including)
    )
    data = draw(st.lists(of_data, min_size=0 if operation.paged else 1, max_size=3))
    document: dict[str, Any] = {"data": data if operation.paged else data[0]}
    if including and operation.included_kind is not None:
        kind = operation.included_kind
        brought = draw(st.lists(records(kind), max_size=3))
        document["included"] = [shown(BASE, kind, each) for each in brought]
    document["links"] = {"self": url}
    if operation.paged:
        document["links"] |= {"next": draw(st.sampled_from([None, url])), "prev": None}
        if revision.links_first_and_last:
            document["links"] |= {"first": url, "last": url}
    return document


@st.composite
def _jobs(draw: st.DrawFn, operation: Operation, including: bool) -> Document:  # noqa: FBT001 - as the handler has it
    row = draw(job_rows(operation.job_kind))
    if operation.shape is Shape.JOB_POST:
        row = row._replace(linkage="[]")
    return documents.job_object(BASE, operation.job_kind, row, linked=including)


@st.composite
def _resources(
    draw: st.DrawFn,
    operation: Operation,
    revision: Revision,
    including: bool,  # noqa: FBT001 - as above
) -> Document:
    kind = operation.kind
    record = draw(records(kind))
    if operation.shape is Shape.IDS:
        return documents.identifier_object(kind, record.external_id)
    linked = None
    if including or revision.shows_linkage(operation):
        most = 3 if kind.shown.many else 1
        linked = draw(st.lists(records(KINDS[kind.shown.target]), max_size=most))
    made: Document = shown(BASE, kind, record, linked)
    return made


def changed_at(body: Any, path: Path, value: Any) -> Any:
    """The body with another value at one place."""
    changed = deepcopy(body)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed
