"""Every kind of question that reads, made from the table of operations, in one revision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.api import query
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Filter, Verb
from backroom.catalog.operations import FILTERED_IDS_SINCE, OPERATIONS, Operation, Shape
from backroom.revisions import NEWEST, OLDEST
from bench import shop
from bench.cases import Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REVISIONS = (OLDEST, "2023-02-22", "2024-02-15", NEWEST)
"""Where the shapes of answers differ most: each shows linkage in another way, or none."""
READS = tuple(each for each in OPERATIONS if each.method == "GET")
SAMPLE = (
    "items",
    "items, fields title",
    "items, include",
    "items, equals(published,true)",
    "categories",
    "items of the large category",
)
"""The questions of a quick run, by name; in the oldest and the newest revision."""

_LARGE, _SMALL = 0, 2
"""Places of the resources whose related lists are asked for: of a whole page, and of some."""
_NAMED = 100
"""Ids in a filter."""
_ONE_FIELD = {"catalog-item": "title", "catalog-variant": "sku", "catalog-category": "name"}
_STATUS = ("filter", 'equals(status,"complete")')

Parameter = tuple[str, str]


def questions(revision: str, jobs: Mapping[str, shop.Jobs]) -> Iterator[Case]:
    """Give every kind of question in a revision; `jobs` has jobs of the shop by their type."""
    for operation in READS:
        if operation.since > revision:
            continue
        for target in _targets(operation, jobs):
            plain = Case(target.name, target.path, inside=False, revision=revision)
            yield plain
            shown = list(_shown(operation, plain))
            # The last one has all that the others have.
            yield from shown if target.thorough else shown[-1:]
            if operation.paged and target.thorough:
                yield from _paged(operation, plain)


def sample(revision: str, jobs: Mapping[str, shop.Jobs]) -> Iterator[Case]:
    """Give the questions of a quick run in a revision."""
    return (each for each in questions(revision, jobs) if each.name in SAMPLE)


class _Target(NamedTuple):
    """What an operation is asked for.

    `thorough` asks with each parameter and filter, else only with `fields` and `include`.
    """

    name: str
    path: str
    thorough: bool = True


def _targets(operation: Operation, jobs: Mapping[str, shop.Jobs]) -> Iterator[_Target]:
    if operation.bulk is not None:
        title = f"{operation.kind.name} {operation.bulk.verb} job"
        # Jobs of all verbs are read in the same way.
        thorough = operation.bulk.verb is Verb.CREATE
        if operation.shape is Shape.JOB_LIST:
            yield _Target(f"{title}s", operation.path, thorough)
            return
        own = jobs[operation.bulk.type]
        yield _Target(f"one {title}", operation.path.format(id=own.usual), thorough)
        if operation.includes:
            yield _Target(f"one full {title}", operation.path.format(id=own.full), thorough)
    elif operation.parent is not None:
        ids = "ids of " if operation.shape is Shape.IDS else ""
        end = operation.path.partition("{id}")[2]
        for size, place in (("large", _LARGE), ("small", _SMALL)):
            name = f"{ids}{operation.kind.plural} of the {size} {operation.parent.name}"
            path = f"{shop.path(operation.parent, place)}{end}"
            yield _Target(name, path, thorough=place == _LARGE)
    elif operation.shape is Shape.ONE:
        yield _Target(f"one {operation.kind.name}", shop.path(operation.kind, _SMALL))
        if operation.includes:
            yield _Target(f"one large {operation.kind.name}", shop.path(operation.kind, _LARGE))
    else:
        yield _Target(operation.kind.plural, operation.path)


def _shown(operation: Operation, plain: Case) -> Iterator[Case]:
    """Give a question with `fields`, with `include`, and with both."""
    some, every = _fields(operation, plain.revision)
    if some:
        yield _asking(plain, f"fields {some[0][1]}", some[:1])
        yield _asking(plain, "all fields", every[:1])
    if operation.includes:
        include = _include(operation)
        yield _asking(plain, "include", [include])
        yield _asking(plain, "include, fields of both", [include, *some])
        yield _asking(plain, "include, all fields of both", [include, *every])


def _paged(operation: Operation, plain: Case) -> Iterator[Case]:
    """Give a list's second page, its other order, each filter, and a filter with other things."""
    yield replace(plain, name=f"{plain.name}, second page", second=True)
    some, _ = _fields(operation, plain.revision)
    if operation.bulk is not None:
        yield _asking(plain, "status", [_STATUS])
        yield _asking(plain, "status, fields", [_STATUS, *some[:1]])
        return
    if operation.shape is Shape.IDS and plain.revision < FILTERED_IDS_SINCE:
        return
    yield _asking(plain, "descending", [("sort", "-created")])
    conditions = [
        each
        for chosen in query.allowed_filters(operation, plain.revision)
        for each in _conditions(operation, chosen)
    ]
    for title, condition in conditions:
        yield _asking(plain, title, [("filter", condition)])
    (first, one), (last, other) = conditions[1], conditions[-1]
    yield _asking(plain, f"{first}, {last}", [("filter", f"{one},{other}")])
    if some:
        yield _asking(plain, f"{last}, fields", [("filter", other), *some[:1]])
    if operation.includes:
        yield _asking(plain, f"{last}, include", [("filter", other), _include(operation)])


def _include(operation: Operation) -> Parameter:
    return "include", ",".join(operation.includes)


def _asking(plain: Case, title: str, parameters: list[Parameter]) -> Case:
    return replace(plain, name=f"{plain.name}, {title}", query=tuple(parameters))


def _fields(operation: Operation, revision: str) -> tuple[list[Parameter], list[Parameter]]:
    """Give the parameters for one field and for all of each type, the operation's own first."""
    allowed = query.allowed_fields(operation, revision)
    some = [(f"fields[{each}]", _ONE_FIELD.get(each, "status")) for each in allowed]
    every = [(f"fields[{each}]", ",".join(names)) for each, names in allowed.items()]
    return some, every


def _conditions(operation: Operation, chosen: Filter) -> list[tuple[str, str]]:
    """Give names and texts of the conditions that a filter is measured with."""

    def condition(value: Any) -> str:
        return f"{chosen.operator}({chosen.name},{value})"

    kind = operation.kind
    if chosen.means == "ids":
        count = min(_NAMED, shop.COUNTS[kind.name])
        quoted = (_quoted(shop.resource_id(kind, place)) for place in range(count))
        return [(f"{count} ids", condition(f"[{','.join(quoted)}]"))]
    if chosen.means == "related":
        target = {"category": CATEGORY, "item": ITEM}[chosen.target]
        value = _quoted(shop.resource_id(target, _LARGE))
        return [(f"{chosen.operator}({chosen.name})", condition(value))]
    if chosen.means == "text":
        # One letter and no word, words of some, and words of all.
        return [(condition(f'"{part}"'), condition(f'"{part}"')) for part in ("e", "shirt", "no.")]
    if chosen.boolean:
        return [(condition(truth), condition(truth)) for truth in ("false", "true")]
    assert kind is VARIANT, chosen.name
    return [(condition('"SHARED"'), condition('"SHARED"'))]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
