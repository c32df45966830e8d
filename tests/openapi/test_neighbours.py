"""The neighbours in the server's own documents, against the published facts and real answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.neighbours import NEIGHBOURS
from openapi import described
from openapi.neighbour_tour import NeighbourTour
from openapi.test_live_answers import hold_headers
from support.neighbours import PUBLISHED, example, schema_of
from support.wire_catalog import fill_shelf
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from support.client import Client

SERVED = {(each.method, each.path) for each in NEIGHBOURS}


@every_revision
def test_facts_are_the_published_ones(revision: str) -> None:
    for place in SERVED & set(PUBLISHED[revision]):
        facts, operation = PUBLISHED[revision][place], described.operations(revision)[place]
        status, response = described.success(revision, place)
        rate = operation["x-backroom-rate"]
        assert status == facts.status
        assert ("content" in response) == (facts.response_schema is not None)
        assert f"{rate['burst']}/s {rate['steady']}/m" == f"{facts.burst} {facts.steady}"
        needed = [] if place[1].startswith("/client/") else [[facts.scopes]] * 2
        assert [list(each.values()) for each in operation["security"]] == needed


@every_revision
def test_bodies_are_the_published_ones(revision: str) -> None:
    for place in SERVED & set(PUBLISHED[revision]):
        name = PUBLISHED[revision][place].request_schema
        ours = described.request_schema(revision, place)
        assert (ours is not None) == (name is not None)
        if name is not None:
            for whole in (True, False):
                body = example(schema_of(name), {}, whole=whole)
                assert described.faults(ours, body) == []
            assert described.faults(ours, {**body, "extra": 1})


@every_revision
def test_parameters_are_the_published_ones(revision: str) -> None:
    for place in SERVED & set(PUBLISHED[revision]):
        parameters = described.operations(revision)[place]["parameters"]
        named = {each["name"] for each in parameters if each["in"] == "query"}
        assert named == set(PUBLISHED[revision][place].query), place


@every_revision
def test_answers_are_as_described(client: Client, revision: str) -> None:
    fill_shelf(client, revision)
    for place, stop in NeighbourTour(client, revision).stops().items():
        status, response = described.success(revision, place)
        schema = described.answer_schema(revision, place)
        for answer in stop():
            assert answer.status == status
            hold_headers(revision, response, answer)
            if schema is not None:
                assert described.faults(schema, answer.json) == []
