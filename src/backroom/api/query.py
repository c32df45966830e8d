"""The query string of a request, checked against the parameters of its operation and revision."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import unquote

from backroom.api import filters
from backroom.api.caches import BoundedCache
from backroom.api.request import unquoted
from backroom.catalog import ids
from backroom.catalog.kinds import ALWAYS, JOB_ATTRIBUTES, Filter, Kind
from backroom.catalog.operations import (
    FIELDS_ON_WRITES_SINCE,
    FILTERED_IDS_SINCE,
    ID_FIELD_SINCE,
    JOB_ID_FIELD_UNTIL,
    RESOURCE_SHAPES,
    Operation,
    Shape,
)
from backroom.catalog.values import whole_number
from backroom.errors import InvalidCursor, InvalidParameter, UnknownParameter
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backroom.api.filters import Condition
    from backroom.api.wire import Fields
    from backroom.errors import Fault

PAGE_SIZE = 100
"""Resources in a page, unless `page[size]` asks for fewer."""
_MOST_CONDITIONS = 20
"""Conditions in one filter: more than there are fields to compare."""

_KEPT_LETTERS = 256
"""Letters of a list of fields that is kept as it was read."""
_FILTER_BYTES = 4_000_000
"""Memory for filters that are kept as they were read."""
_BYTES_OF_LETTER = 8
"""Four for the text of a filter, four for the texts that are read from it."""
_CONDITION_BYTES = 1_000
"""About what the conditions of a filter take beside their texts."""
_STATUS = Filter("status", "equals", "attribute", "status", revisions=ALWAYS)


class NamedIds(NamedTuple):
    """The ids in a filter, as the external ids in those that can name something, each once."""

    external_ids: list[str]
    checksum: int
    """The checksum of all ids as they were sent."""

    @classmethod
    def of(cls, resource_ids: list[str]) -> Self:
        """Make it of ids as they were sent."""
        return cls(ids.external_ids(resource_ids), zlib.crc32("\0".join(resource_ids).encode()))


@dataclass
class Query:
    """The query string of a request, read and checked.

    `fields` has the attributes to show, by resource type and in the order of the request. Resources
    of other types are shown whole. `conditions` are filters with their values, all of which must
    hold: that of a filter by ids is a `NamedIds`. `cursor` is the text as it was sent.
    """

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    conditions: Sequence[tuple[Filter, Any]] = ()
    descending: bool = False
    cursor: str | None = None
    size: int = PAGE_SIZE

    @property
    def shown(self) -> Fields:
        """The attributes to show, as a value that can be a key of a dictionary."""
        return tuple(self.fields.items())

    @property
    def described(self) -> str:
        """The filters and the order, which tell one list from another. The page does not."""
        conditions = [
            f"{each.name} {each.operator} {_value_text(value)}" for each, value in self.conditions
        ]
        return f"{'-' if self.descending else ''}created {sorted(conditions)}"


def _value_text(value: Any) -> str:
    # A cursor is signed for the checksum of a hundred ids, and not for all of them once more. Who
    # finds another list with the same checksum has a cursor that begins amid his own resources.
    return str(value.checksum) if isinstance(value, NamedIds) else repr(value)


def parse_query(operation: Operation, revision: str, query_string: str) -> Query:
    """Read a query string.

    Raises `UnknownParameter` or `InvalidParameter`, which name the parameter, or `InvalidCursor`.
    """
    query = Query()
    if not query_string:
        return query
    for name, value in parameters_given(query_string).items():
        if name.startswith("fields[") and name.endswith("]"):
            resource_type = name[len("fields[") : -1]
            read = _kept_fields if len(name) + len(value) <= _KEPT_LETTERS else _asked_fields
            query.fields[resource_type] = read(operation, revision, resource_type, value)
            continue
        reader = _PARAMETER_READERS.get(name)
        if reader is None or not _has(operation, revision, name):
            raise UnknownParameter(name, operation.resource_type)
        reader(query, operation, revision, value)
    return query


def parameters_given(query_string: str) -> dict[str, str]:
    """Give the parameters by name. If one is given more than once, the last counts (observed).

    Some clients send each one twice, others a whole next link as the cursor, which brings a second.
    """
    parameters: dict[str, str] = {}
    for part in query_string.split("&"):
        if not part:
            continue
        quoted_name, _, quoted_value = part.replace("+", " ").partition("=")
        try:
            name = unquoted(quoted_name)
            parameters[name] = unquoted(quoted_value)
        except UnicodeError:
            raise _unreadable(quoted_name) from None
    return parameters


def _unreadable(name: str) -> Fault:
    """Make the fault of a parameter whose name or value is not UTF-8."""
    name = unquote(name)
    if name == "page[cursor]":
        return InvalidCursor()
    if name == filters.PARAMETER:
        return InvalidParameter("Invalid filter provided", name)
    return InvalidParameter(f"'{name}' is not UTF-8.", name)


def _has(operation: Operation, revision: str, name: str) -> bool:
    """Whether an operation has a parameter in a revision. `include` has its own refusals."""
    if name == "include":
        return operation.method == "GET"
    if not operation.paged:
        return False
    if name == "page[size]":
        return operation.bulk is None
    if operation.shape is Shape.IDS and name in {"filter", "sort"}:
        return revision >= FILTERED_IDS_SINCE
    return name != "sort" or operation.bulk is None


def _asked_fields(
    operation: Operation, revision: str, resource_type: str, value: str
) -> tuple[str, ...]:
    parameter = f"fields[{resource_type}]"
    allowed = allowed_fields(operation, revision).get(resource_type)
    if allowed is None:
        raise UnknownParameter(parameter, operation.resource_type)
    names = names_in(value)
    for name in names:
        if name not in allowed:
            raise InvalidParameter(
                f"'{name}' is not a valid field for the resource '{resource_type}'.", parameter
            )
    return names


_kept_fields = lru_cache(maxsize=512)(_asked_fields)
"""The same. A client asks for the same fields again and again."""


def names_in(value: str) -> tuple[str, ...]:
    """Give the names in a list with commas, each once. Empty ones are passed over."""
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


@cache
def allowed_fields(operation: Operation, revision: str) -> Mapping[str, tuple[str, ...]]:
    """Give the attributes that each `fields[…]` parameter may name, by resource type."""
    if operation.method != "GET" and revision < FIELDS_ON_WRITES_SINCE:
        return {}
    allowed: dict[str, tuple[str, ...]] = {}
    if operation.bulk is not None:
        early = ("job_id",) if revision < JOB_ID_FIELD_UNTIL else ()
        late = ("id",) if revision >= ID_FIELD_SINCE else ()
        allowed[operation.bulk.type] = (*JOB_ATTRIBUTES, *early, *late)
    elif operation.shape in RESOURCE_SHAPES:
        allowed[operation.kind.type] = _resource_fields(operation.kind, revision)
    if operation.included_kind is not None:
        allowed[operation.included_kind.type] = _resource_fields(operation.included_kind, revision)
    return allowed


def _resource_fields(kind: Kind, revision: str) -> tuple[str, ...]:
    """Give the fields of a resource. `id` is one in all revisions, because real clients send it."""
    return (*kind.shown_at(revision), "id")


def _read_include(query: Query, operation: Operation, _: str, value: str) -> None:
    # An empty value brings nothing along (JSON:API 1.1), where the operation can bring anything.
    names = names_in(value)
    if not operation.includes:
        raise InvalidParameter(
            f"'{next(iter(names), '')}' include is not currently supported for the requested"
            " operation on this resource.",
            "include",
        )
    for name in names:
        if name not in operation.includes:
            raise InvalidParameter(
                f"'{name}' is not an allowed include parameter for this resource.", "include"
            )
    query.include = names


def _read_filter(query: Query, operation: Operation, revision: str, value: str) -> None:
    # All pages of a list have the same filter, and many clients too.
    asked = (operation, revision, value)
    conditions = _conditions_kept.get(asked)
    if conditions is None:
        conditions = _checked_conditions(operation, revision, value)
        _conditions_kept.keep(asked, conditions, _CONDITION_BYTES + _BYTES_OF_LETTER * len(value))
    query.conditions = conditions


_conditions_kept: BoundedCache[list[tuple[Filter, Any]]] = BoundedCache(_FILTER_BYTES)


def _checked_conditions(
    operation: Operation, revision: str, value: str
) -> list[tuple[Filter, Any]]:
    """Read a filter, checked against those that an operation has in a revision."""
    table = allowed_filters(operation, revision)
    checked: list[tuple[Filter, Any]] = []
    conditions = filters.parse_filter(value)
    if len(conditions) > _MOST_CONDITIONS:
        raise InvalidParameter(
            f"Invalid filter provided: it has more than {_MOST_CONDITIONS} conditions",
            filters.PARAMETER,
        )
    for condition in conditions:
        named = [each for each in table if each.name == condition.field]
        if not named:
            names = ", ".join(sorted({each.name for each in table}))
            raise InvalidParameter(
                f"'{condition.field}' is not a filterable field for this resource."
                f" The filterable fields on this resource are: {names}.",
                filters.PARAMETER,
            )
        chosen = [each for each in named if each.operator == condition.operator]
        if not chosen:
            operators = ", ".join(each.operator for each in named)
            raise InvalidParameter(
                f"'{condition.operator}' is not an allowed filter operator for"
                f" {condition.field}.  Allowed operators are {operators}",
                filters.PARAMETER,
            )
        _check_value(chosen[0], condition)
        given = condition.value
        checked.append((chosen[0], NamedIds.of(given) if chosen[0].means == "ids" else given))
    return checked


@cache
def allowed_filters(operation: Operation, revision: str) -> tuple[Filter, ...]:
    """Give the filters that an operation has in a revision."""
    if operation.bulk is not None:
        return (_STATUS,) if operation.paged else ()
    return tuple([each for each in operation.kind.filters if revision in each.revisions])


def _check_value(chosen: Filter, condition: Condition) -> None:
    value = condition.value
    if chosen.operator == "any":
        fits = isinstance(value, list) and {*map(type, value)} <= {str}
    elif chosen.boolean:
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) and value != "" and "\0" not in value
    if not fits:
        raise InvalidParameter(
            f"Invalid filter provided: the value for {chosen.name} is not of its type",
            filters.PARAMETER,
        )
    if chosen is _STATUS and value not in set(Status):
        raise InvalidParameter(
            "Invalid filter provided: status is one of " + ", ".join(sorted(Status)),
            filters.PARAMETER,
        )


def _read_sort(query: Query, _: Operation, __: str, value: str) -> None:
    if value not in {"created", "-created"}:
        raise InvalidParameter(
            f"'{value}' is not an allowed sort.  Allowed sorts are created, -created", "sort"
        )
    query.descending = value.startswith("-")


def _read_size(query: Query, _: Operation, __: str, value: str) -> None:
    query.size = page_size(value, PAGE_SIZE)


def page_size(value: str, most: int) -> int:
    """Read the value of `page[size]`. Raises `InvalidParameter`."""
    size = whole_number(value, most)
    if not size:
        raise InvalidParameter(
            f"'{value}' is not a valid page size: it must be from 1 to {most}.", "page[size]"
        )
    return size


def _read_cursor(query: Query, _: Operation, __: str, value: str) -> None:
    query.cursor = value


_PARAMETER_READERS: dict[str, Callable[[Query, Operation, str, str], None]] = {
    "include": _read_include,
    "filter": _read_filter,
    "sort": _read_sort,
    "page[size]": _read_size,
    "page[cursor]": _read_cursor,
}
