"""A server that is killed at each named step of its worker, and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.jobs.next_job import STEPS
from crash.lives import OCCURRENCES

if TYPE_CHECKING:
    from crash.lives import Shop

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("step", STEPS)
def test_death_at_step_loses_nothing(shop: Shop, step: str) -> None:
    for nth in OCCURRENCES:
        shop.die_at(step, nth, "--show-queued")
    shop.audit("--show-queued")


@pytest.mark.parametrize("step", [step for step in STEPS if step != "begun"])
def test_unqueued_jobs_survive_step(shop: Shop, step: str) -> None:
    for nth in OCCURRENCES:
        shop.die_at(step, nth)
    shop.audit()
