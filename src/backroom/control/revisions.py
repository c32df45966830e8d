"""Revisions: what each changed, and how the operations of two revisions differ."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.api.openapi import bodies, parameters, samples
from backroom.catalog.operations import OPERATIONS
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.errors import Fault
from backroom.revisions import LADDER, REVISIONS, history, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.api.openapi.schemas import Schema
    from backroom.catalog.operations import Operation
    from backroom.control.route import Control, Given
    from backroom.revisions import Revision


def every_revision() -> list[dict[str, Any]]:
    """List the revisions, newest first, with the day each retires and what it changed."""
    return [
        {
            "revision": date,
            "retired_on": REVISIONS[date].retired_on.isoformat(),
            "changes": history.changes(date),
        }
        for date in reversed(LADDER)
    ]


def difference(before: str, after: str, operation: str | None = None) -> dict[str, Any]:
    """Compare two revisions, in all operations or in the one of that name.

    An operation that differs has what differs in it, `before` and `after`: its parameters with
    their values, the members that its body needs, and examples of its body and its answer, which
    have all members that they can have. Raises `ControlError`.
    """
    older, newer = sorted(
        (_known_revision(before), _known_revision(after)), key=lambda each: each.date
    )
    compared = [_named_operation(operation)] if operation else list(OPERATIONS)
    found = [_compared_operation(each, older, newer) for each in compared]
    between = [date for date in LADDER if older.date < date <= newer.date]
    return {
        "from": older.date,
        "to": newer.date,
        "changes": [
            {"revision": date, "changes": words}
            for date in between
            if (words := history.changes(date))
        ],
        "operations": [each for each in found if each is not None],
    }


def _known_revision(date: str) -> Revision:
    try:
        return resolve(date, clock.now().date())
    except Fault as fault:
        raise ControlError(400, f"{date!r} is not a revision: {fault.detail}") from None


def _named_operation(name: str) -> Operation:
    names = {each.name: each for each in OPERATIONS}
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "docs/reference/operations.md lists them."
        raise ControlError(404, f"There is no operation {name!r}. {hint}")
    return names[name]


def _compared_operation(
    operation: Operation, older: Revision, newer: Revision
) -> dict[str, Any] | None:
    """Give the differences of an operation, None if there are none."""
    named = {"operation": operation.name, "method": operation.method, "path": operation.path}
    if operation.since > newer.date:
        return None
    if operation.since > older.date:
        return {**named, "change": "new", "before": None, "after": _face(operation, newer)}
    faces = _face(operation, older), _face(operation, newer)
    differing = [name for name in faces[1] if faces[0][name] != faces[1][name]]
    if not differing:
        return None
    before, after = ({name: face[name] for name in differing} for face in faces)
    return {**named, "change": "changed", "before": before, "after": after}


def _face(operation: Operation, revision: Revision) -> dict[str, Any]:
    """Give the parts of an operation that clients see in one revision."""
    schema = bodies.body_schema(operation, revision) if operation.has_body else None
    answers = samples.answers(operation, revision)
    rate = operation.rates.at(revision.date)
    return {
        "parameters": {
            each["name"]: _parameter_values(each)
            for each in parameters.parameters(operation, revision)
            if each["in"] == "query"
        },
        "needed": sorted(_needed(schema, "")) if schema else [],
        "body": bodies.body_example(schema) if schema else None,
        "answer": answers[0] if answers else None,
        "rates": {"a second": rate.burst, "a minute": rate.steady},
    }


def _parameter_values(parameter: dict[str, Any]) -> Any:
    """Give the values that a parameter may name, or else its description."""
    schema = parameter["schema"]
    return schema.get("items", schema).get("enum") or parameter["description"]


def _needed(schema: Schema, pointer: str) -> Iterator[str]:
    """Give the pointers to the members that a body needs."""
    for name, held in schema.get("properties", {}).items():
        if name in schema.get("required", ()):
            yield f"{pointer}/{name}"
        yield from _needed(held, f"{pointer}/{name}")
    if "items" in schema:
        yield from _needed(schema["items"], f"{pointer}/0")


def _all_revisions(_: Control, __: Given) -> list[dict[str, Any]]:
    return every_revision()


def _compare(_: Control, given: Given) -> dict[str, Any]:
    query = given.query
    return difference(query["from"], query["to"], query.get("operation"))


ROUTES = (
    ControlRoute(
        "GET",
        "/revisions",
        "The revisions, newest first, with what each changed.",
        _all_revisions,
        query=(),
    ),
    ControlRoute(
        "GET",
        "/revisions/diff",
        "How the operations of two revisions differ: parameters, members that a body needs, rates,"
        " and examples of bodies and answers, before and after.",
        _compare,
        query=(
            Member("from", "A revision.", required=True),
            Member("to", "Another revision.", required=True),
            Member("operation", "The name of the one operation that is compared."),
        ),
    ),
)
