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
            assert facts.answer == (row.response_schema and schema_of(row.response_schema))
            assert facts.query == {name: it["schema"] for name, it in row.query.items()}


def test_facts_are_those_of_all_revisions() -> None:
    assert len(FACTS["revisions"]) == 21
