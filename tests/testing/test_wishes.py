from __future__ import annotations

import random
from typing import Any

import pytest

from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS
from backroom.jobs.pacing import Step
from backroom.testing.wishes import ERRORS, InvalidWish, When, read_wish
from support.factories import a_creation, a_kind_of_job

ITEMS = a_kind_of_job("item", "create")


def steps(**given: Any) -> list[tuple[Step, When]]:
    return read_wish(given).steps(ITEMS, random.Random(1))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [(Step.COMPLETE, When())]),
        ({"after_seconds": 4}, [(Step.COMPLETE, When(seconds=4))]),
        ({"cancelled": True, "stay": True}, [(Step.CANCEL, When(released=True))]),
        ({"never": True}, [(Step.COMPLETE, When(never=True))]),
        ({"queued": True}, [(Step.BEGIN, When(reads=1)), (Step.COMPLETE, When(reads=1))]),
        (
            {"queued": True, "after_reads": 5},
            [(Step.BEGIN, When(reads=1)), (Step.COMPLETE, When(reads=4))],
        ),
        ({"early_counts": True}, [(Step.COUNT, When()), (Step.COMPLETE, When(reads=1))]),
        (
            {"queued": True, "early_counts": True, "after_seconds": 8},
            [
                (Step.BEGIN, When(seconds=4)),
                (Step.COUNT, When(seconds=2)),
                (Step.COMPLETE, When(seconds=2)),
            ],
        ),
    ],
)
def test_wishes_make_these_steps(given: Any, expected: Any) -> None:
    assert steps(**given) == expected


@pytest.mark.parametrize("job_kind", JOB_KINDS.values(), ids=lambda each: each.type)
def test_observed_times_are_in_range(job_kind: Any) -> None:
    wish, drawn = read_wish({"observed": 2}), random.Random(1)
    taken = [wish.steps(job_kind, drawn)[0][1].seconds for _ in range(200)]
    assert 4 <= min(taken) < max(taken) <= 168


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_the_services_own(name: str) -> None:
    wish = read_wish({"fail": ["a"], "error": name})
    drafts = [a_creation("item", "a"), Draft("other")]
    (fault,) = wish.failing(ITEMS, drafts).values()
    assert fault.detail
    assert fault.pointer


def test_default_error_fits_the_verb() -> None:
    (made,) = read_wish({"fail": 1}).failing(ITEMS, [a_creation("item", "a")]).values()
    assert "already exists" in made.detail
    deletion = a_kind_of_job("item", "delete")
    (gone,) = read_wish({"fail": 1}).failing(deletion, [Draft("x")]).values()
    assert "does not exist" in gone.detail


@pytest.mark.parametrize(
    "given",
    [
        {"soon": True},
        {"stay": True, "never": True},
        {"after_seconds": -1},
        {"after_seconds": "1"},
        {"after_reads": 1.5},
        {"observed": 0},
        {"observed": True},
        {"queued": 1},
        {"times": 0},
        {"times": "often"},
        {"type": "catalog-items"},
        {"account": 5},
        {"fail": -1},
        {"fail": "a"},
        {"fail": [None]},
        {"fail": True},
        {"fail": 1, "error": "strange"},
        {"fail": 1, "error": {"pointer": "/id"}},
        {"fail": 1, "error": {"detail": "x", "pointer": 5}},
        {"error": "does_not_exist"},
        {"fail": 1, "cancelled": True},
    ],
)
def test_senseless_wishes_are_refused(given: Any) -> None:
    with pytest.raises(InvalidWish):
        read_wish(given)
