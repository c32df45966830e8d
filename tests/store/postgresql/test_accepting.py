"""The call that accepts a job, with and without a trace."""

from __future__ import annotations

from backroom.store.jobs import NewJob
from backroom.store.postgresql.accepting import accept_statement, accept_values, accepted_id
from support.factories import ACCOUNT, a_job


def test_a_trace_is_one_value_more() -> None:
    plain = accept_values(NewJob(ACCOUNT, a_job(), "[]"), 5)
    traced = accept_values(NewJob(ACCOUNT, a_job(), "[]", "00-1-2-01"), 5)
    assert traced.keys() - plain.keys() == {"trace"}
    assert ":trace" in accept_statement(traced)
    assert ":trace" not in accept_statement(plain)


def test_a_job_that_is_not_accepted_has_no_id() -> None:
    assert accepted_id([(None,)]) is None
    assert accepted_id([("1",)]) == "1"
