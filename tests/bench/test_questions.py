"""The questions cover every operation that reads, and each is one that the API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from backroom.api import query, routes
from backroom.catalog.kinds import JOB_KINDS
from backroom.catalog.operations import OPERATIONS
from backroom.revisions import NEWEST
from bench import questions
from bench.shop import Jobs

if TYPE_CHECKING:
    from bench.cases import Case

JOBS = {
    name: Jobs("01J000000000000000000000US", "01J000000000000000000000FU") for name in JOB_KINDS
}
every_revision = pytest.mark.parametrize("revision", questions.REVISIONS)


def asked(revision: str) -> list[Case]:
    return list(questions.questions(revision, JOBS))


@every_revision
def test_every_get_operation_is_asked(revision: str) -> None:
    reads = {each.name for each in OPERATIONS if each.method == "GET" and each.since <= revision}
    found = {routes.match_path(each.path).operations["GET"].name for each in asked(revision)}
    assert found == reads


@every_revision
def test_every_question_is_a_right_one(revision: str) -> None:
    for case in asked(revision):
        operation = routes.match_path(case.path).operations["GET"]
        query.parse_query(operation, revision, urlencode(case.query))


@every_revision
def test_every_filter_is_asked_of_each_list(revision: str) -> None:
    used: dict[str, set[str]] = {}
    for case in asked(revision):
        operation = routes.match_path(case.path).operations["GET"]
        conditions = query.parse_query(operation, revision, urlencode(case.query)).conditions
        used.setdefault(operation.name, set()).update(chosen.name for chosen, _ in conditions)
    for operation in questions.READS:
        # Lists of jobs of another verb stand for themselves plain.
        if operation.paged and used.get(operation.name):
            allowed = query.allowed_filters(operation, revision)
            assert used[operation.name] == {each.name for each in allowed}


def test_every_include_is_asked_for() -> None:
    included = {
        routes.match_path(case.path).operations["GET"].name
        for case in asked(NEWEST)
        if "include" in dict(case.query)
    }
    assert included == {each.name for each in questions.READS if each.includes}


@every_revision
def test_names_tell_questions_apart(revision: str) -> None:
    names = [each.name for each in asked(revision)]
    assert len(names) == len(set(names))


@every_revision
def test_sample_names_real_questions(revision: str) -> None:
    found = [each.name for each in questions.sample(revision, JOBS)]
    assert sorted(found) == sorted(questions.SAMPLE)
