"""The query string of a request, checked against what its operation has in its revision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from backroom.api import filters
from backroom.catalog.kinds import JOB_ATTRIBUTES, KINDS
from backroom.errors import InvalidParameter, UnknownParameter
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.operations import Operation

_FIELDS_ON_WRITES_SINCE = "2026-04-15"
_JOB_ID_FIELD_UNTIL = "2023-12-15"
_ID_FIELD_SINCE = "2026-04-15"


@dataclass
class Query:
    """What a request asks for beside its path.

    `fields` has the attributes to show by resource type, in the order asked for; a type that is not
    in it is shown whole. `status` is the only filter of a list of jobs. `cursor` is still as sent.
    """

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    status: str | None = None
    cursor: str | None = None


def parse(operation: Operation, revision: str, query_string: str) -> Query:
    """Read a query string. Raises a 400 that names the parameter that is unknown or wrong."""
    query = Query()
    if not query_string:
        return query
    for name, value in _parameters(query_string).items():
        if name.startswith("fields[") and name.endswith("]"):
            resource_type = name[len("fields[") : -1]
            query.fields[resource_type] = _fields(operation, revision, resource_type, value)
            continue
        reader = _READERS.get(name)
        if reader is None:
            raise UnknownParameter(name, operation.resource_type)
        reader(query, operation, value)
    return query


def _parameters(query_string: str) -> dict[str, str]:
    """Give the parameters by name. Some clients send each twice; two that differ are refused."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True, errors="replace"):
        if parameters.setdefault(name, value) != value:
            raise InvalidParameter(f"'{name}' is given twice, with different values.", name)
    return parameters


def _fields(operation: Operation, revision: str, resource_type: str, value: str) -> tuple[str, ...]:
    parameter = f"fields[{resource_type}]"
    allowed = _allowed_fields(operation, revision, resource_type)
    if allowed is None:
        raise UnknownParameter(parameter, operation.resource_type)
    names = dict.fromkeys(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in allowed:
            raise InvalidParameter(
                f"'{name}' is not a valid field for the resource '{resource_type}'.", parameter
            )
    return tuple(names)


def _allowed_fields(
    operation: Operation, revision: str, resource_type: str
) -> frozenset[str] | None:
    """Give what `fields[resource_type]` may name, None where it is no parameter here.

    A resource's `id` is taken in every revision, though documented late: real clients ask for it.
    """
    if operation.method != "GET" and revision < _FIELDS_ON_WRITES_SINCE:
        return None
    if resource_type == operation.job_kind.type:
        late = ("job_id",) if revision < _JOB_ID_FIELD_UNTIL else ()
        ids = ("id",) if revision >= _ID_FIELD_SINCE else ()
        return frozenset((*JOB_ATTRIBUTES, *late, *ids))
    if operation.includes and resource_type == operation.kind.type:
        return frozenset((*KINDS[operation.kind.name].shown_attributes, "id"))
    return None


def _read_include(query: Query, operation: Operation, value: str) -> None:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
    for name in names:
        if not operation.includes:
            raise InvalidParameter(
                f"'{name}' include is not currently supported for the requested operation"
                " on this resource.",
                "include",
            )
        if name not in operation.includes:
            raise InvalidParameter(
                f"'{name}' is not an allowed include parameter for this resource.", "include"
            )
    query.include = names


def _read_filter(query: Query, operation: Operation, value: str) -> None:
    if not operation.paged:
        raise UnknownParameter("filter", operation.resource_type)
    for condition in filters.parse(value):
        if condition.field != "status":
            raise InvalidParameter(
                f"'{condition.field}' is not an allowed filter field.  Allowed fields are status",
                filters.PARAMETER,
            )
        if condition.operator != "equals":
            raise InvalidParameter(
                f"'{condition.operator}' is not an allowed filter operator for"
                f" {condition.field}.  Allowed operators are equals",
                filters.PARAMETER,
            )
        if not isinstance(condition.value, str) or condition.value not in set(Status):
            raise InvalidParameter(
                "The status must be one of " + ", ".join(sorted(Status)) + ".",
                filters.PARAMETER,
            )
        # Two different statuses at once are asked for legally, and no job has both.
        query.status = condition.value if query.status in {None, condition.value} else ""


def _read_cursor(query: Query, operation: Operation, value: str) -> None:
    if not operation.paged:
        raise UnknownParameter("page[cursor]", operation.resource_type)
    query.cursor = value


_READERS: dict[str, Callable[[Query, Operation, str], None]] = {
    "include": _read_include,
    "filter": _read_filter,
    "page[cursor]": _read_cursor,
}
