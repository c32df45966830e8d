from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from backroom.api.neighbour_query import parse_neighbour_query
from backroom.catalog.neighbours import NEIGHBOURS, Neighbour
from backroom.errors import InvalidParameter, UnknownParameter
from backroom.revisions import NEWEST
from support.neighbours import PUBLISHED
from support.wire_contract import every_revision


def a_neighbour(name: str) -> Neighbour:
    return next(each for each in NEIGHBOURS if each.name == name)


SUBSCRIBE = a_neighbour("create_back_in_stock_subscription")
PROFILES = a_neighbour("get_profiles")


@every_revision
def test_published_parameters_are_taken(revision: str) -> None:
    for each in NEIGHBOURS:
        if revision >= each.since:
            listed = PUBLISHED[revision][each.method, each.path].query
            values = {name: it["schema"] for name, it in listed.items()}
            sent = [f"{quote(name)}={quote(_a_value(name, it))}" for name, it in values.items()]
            parse_neighbour_query(each, revision, "&".join(sent))


def _a_value(name: str, schema: Any) -> str:
    if name == "filter":
        return 'equals(id,"a")'
    if schema["type"] == "integer":
        return "3"
    choices = schema.get("enum") or (schema.get("items") or {}).get("enum") or ["a"]
    return str(choices[0])


@pytest.mark.parametrize("sent", ["company_id=a", "sort=created", "page%5Bsize%5D=1"])
def test_unknown_parameters_are_refused(sent: str) -> None:
    with pytest.raises(UnknownParameter, match="for the resource 'back-in-stock-subscription'"):
        parse_neighbour_query(SUBSCRIBE, NEWEST, sent)


@pytest.mark.parametrize(
    "sent", ["sort=colour", "page[size]=0", "fields[profile]=x", "filter=less-than(id,1)"]
)
def test_wrong_values_are_refused(sent: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_neighbour_query(PROFILES, NEWEST, sent)


def test_pages_have_the_published_size() -> None:
    assert parse_neighbour_query(PROFILES, NEWEST, "").size == 20
    query = parse_neighbour_query(PROFILES, NEWEST, "page[size]=7&sort=-created")
    assert (query.size, query.descending) == (7, True)
