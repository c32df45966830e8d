"""Jobs that a worker may have begun before it died."""

from __future__ import annotations

import pytest

from backroom.jobs.deaths import Deaths
from backroom.jobs.lifecycle import DEATH_TRIES, pause_seconds
from backroom.store.jobs import Waiting


def a_job(tries: int, job_id: str = "01") -> Waiting:
    return Waiting("one", job_id, "catalog-item-bulk-create-job", "processing", "[]", 1, tries)


def test_job_is_expected_once() -> None:
    deaths = Deaths()
    assert not deaths.may_have_begun(a_job(0))
    deaths.expect("one")
    assert deaths.may_have_begun(a_job(0))
    assert not deaths.may_have_begun(a_job(0))


@pytest.mark.parametrize(("tries", "pause"), [(0, 0.0), (DEATH_TRIES, pause_seconds(DEATH_TRIES))])
def test_counted_death_makes_pause(tries: int, pause: float) -> None:
    assert Deaths().pause(a_job(tries)) == pause


def test_process_waits_once() -> None:
    deaths, job = Deaths(), a_job(DEATH_TRIES)
    assert deaths.pause(job)
    assert deaths.may_have_begun(job)
    assert not deaths.pause(job)
    deaths.forget(job.job_id)
    assert deaths.pause(job)


def test_other_job_is_not_expected() -> None:
    deaths = Deaths()
    deaths.pause(a_job(DEATH_TRIES))
    assert not deaths.may_have_begun(a_job(0, "02"))


@pytest.mark.parametrize(("counted", "too_many"), [(0, False), (1, False), (2, True)])
def test_third_death_is_too_many(counted: int, *, too_many: bool) -> None:
    assert Deaths().are_too_many(a_job(counted * DEATH_TRIES)) == too_many
