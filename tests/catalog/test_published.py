from __future__ import annotations

from backroom.catalog import published
from backroom.catalog.neighbours import NEIGHBOURS
from support.neighbours import FACTS, PUBLISHED, schema_of
from support.wire_contract import every_revision


@every_revision
def test_facts_are_those_of_the_revision(revision: str) -> None:
    for each in NEIGHBOURS:
        if revision >= each.since:
            row, facts = (
                PUBLISHED[revision][each.method, each.path],
                published.published_facts(each, revision),
            )
            assert facts.body == (row.request_schema and schema_of(row.request_schema))
            if each.name != "get_profiles":
                assert facts.answer == (row.response_schema and schema_of(row.response_schema))
            assert facts.query == {name: it["schema"] for name, it in row.query.items()}


def test_facts_are_those_of_all_revisions() -> None:
    assert len(FACTS["revisions"]) == 21


@every_revision
def test_listed_profiles_have_all_attributes(revision: str) -> None:
    listed, created = (
        published.published_facts(each, revision).answer
        for name in ("get_profiles", "create_profile")
        for each in NEIGHBOURS
        if each.name == name
    )
    assert listed
    assert created
    many = listed["properties"]["data"]["items"]["properties"]["attributes"]["properties"]
    one = created["properties"]["data"]["properties"]["attributes"]["properties"]
    assert set(many) >= set(one) >= {"email", "created"}
