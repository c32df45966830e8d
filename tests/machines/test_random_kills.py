"""Servers and workers that are killed at moments that nobody knows, while jobs arrive."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from crash.ledger import MOST_IN_A_JOB

if TYPE_CHECKING:
    from machines.crew import Crew

CHAINS = 4
KILLS_IN_A_CHAIN = 25
JOBS_BESIDE_A_KILL = 5


@pytest.mark.parametrize("chain", range(CHAINS))
def test_random_kills_lose_nothing(crew: Crew, seed: str, chain: int) -> None:  # noqa: ARG001
    chance = random.Random(seed)
    with crew.trading() as order:
        for _ in range(KILLS_IN_A_CHAIN):
            order(JOBS_BESIDE_A_KILL)
            crew.kill_at_random(chance)
    crew.audit()


def test_suite_kills_hundred_times() -> None:
    kills = CHAINS * KILLS_IN_A_CHAIN
    assert (kills, kills * JOBS_BESIDE_A_KILL, MOST_IN_A_JOB) == (100, 500, 100)
