"""The query string of a request for a neighbour, checked against its published parameters.

Filters of lists compare an attribute or the id for equality, with `equals` and `any`. Others, and
other orders than that of creation, are not served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api import filters
from backroom.api.auth import COMPANY
from backroom.api.query import Query, names_in, page_size, parameters_given, parse_query
from backroom.catalog import published
from backroom.catalog.kinds import Filter
from backroom.catalog.neighbours import Neighbour
from backroom.errors import InvalidParameter, UnknownParameter

if TYPE_CHECKING:
    from backroom.api.filters import Condition
    from backroom.catalog.operations import Operation

_PAGE_SIZES = {"profile": 20, "list": 10, "metric": 200}
"""Resources in a page, unless `page[size]` asks for another number."""
_MOST_NEIGHBOURS = 100
_FILTER_OPERATORS = ("equals", "any")


def query_of(operation: Operation, revision: str, query_string: str) -> Query:
    """Read the query string of any operation. Raises `UnknownParameter` or `InvalidParameter`."""
    if isinstance(operation, Neighbour):
        return parse_neighbour_query(operation, revision, query_string)
    return parse_query(operation, revision, query_string)


def parse_neighbour_query(operation: Neighbour, revision: str, query_string: str) -> Query:
    """Read a query string. Raises `UnknownParameter` or `InvalidParameter`."""
    query = Query(size=_PAGE_SIZES.get(operation.resource_type, _MOST_NEIGHBOURS))
    if not query_string:
        return query
    listed = published.published_facts(operation, revision).query
    for name, value in parameters_given(query_string).items():
        if name not in listed:
            raise UnknownParameter(name, operation.resource_type)
        if "items" in listed[name]:
            _read_names(query, name, names_in(value), listed[name]["items"]["enum"])
        elif name == filters.PARAMETER:
            query.conditions = [_equality(each) for each in filters.parse_filter(value)]
        elif name == "page[cursor]":
            query.cursor = value
        elif name == "page[size]":
            query.size = page_size(value, listed[name].get("maximum", _MOST_NEIGHBOURS))
        elif name == "sort":
            query.descending = _descends(value, listed[name]["enum"])
        else:
            # Admission has found the account by this parameter already.
            assert name == COMPANY, name  # noqa: S101 - a test has all that are published
    return query


def _read_names(query: Query, parameter: str, names: tuple[str, ...], allowed: list[str]) -> None:
    for name in names:
        if name not in allowed:
            raise InvalidParameter(f"'{name}' is not a valid value for '{parameter}'.", parameter)
    if parameter.startswith("fields["):
        query.fields[parameter[len("fields[") : -1]] = names


def _equality(condition: Condition) -> tuple[Filter, Any]:
    if condition.operator not in _FILTER_OPERATORS:
        raise InvalidParameter(
            f"'{condition.operator}' is not an allowed filter operator for"
            f" {condition.field}.  Allowed operators are {', '.join(_FILTER_OPERATORS)}",
            filters.PARAMETER,
        )
    many = condition.operator == "any"
    compared = Filter(condition.field, "any" if many else "equals", "attribute", condition.field)
    return compared, condition.value


def _descends(value: str, allowed: list[str]) -> bool:
    if value not in allowed:
        raise InvalidParameter(
            f"'{value}' is not an allowed sort.  Allowed sorts are {', '.join(allowed)}", "sort"
        )
    return value.startswith("-")
