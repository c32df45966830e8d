"""The query string of a request for a neighbour, checked against what is published of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.auth import COMPANY
from backroom.api.query import Query, parameters_given
from backroom.catalog import published
from backroom.errors import UnknownParameter

if TYPE_CHECKING:
    from backroom.catalog.neighbours import Neighbour


def parse_neighbour_query(operation: Neighbour, revision: str, query_string: str) -> Query:
    """Read a query string. Raises `UnknownParameter` or `InvalidParameter`."""
    query = Query()
    if not query_string:
        return query
    listed = published.published_facts(operation, revision).query
    for name in parameters_given(query_string):
        if name not in listed:
            raise UnknownParameter(name, operation.resource_type)
        # Who asks is known from it already.
        assert name == COMPANY, name  # noqa: S101 - no row has others yet
    return query
