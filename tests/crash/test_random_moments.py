"""A server that is killed at moments that nobody knows, and started again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.jobs.next_job import STEPS
from crash.lives import CHAINS, KILLS_IN_A_CHAIN, OCCURRENCES

if TYPE_CHECKING:
    from crash.lives import Shop


@pytest.mark.slow
@pytest.mark.parametrize("chain", range(CHAINS))
def test_random_deaths_lose_nothing(shop: Shop, seed: str, chain: int) -> None:
    chance = random.Random(seed)
    flags = ["--show-queued"] if chain % 2 else []
    for _ in range(KILLS_IN_A_CHAIN):
        shop.die_at_random(chance, *flags)
    shop.audit(*flags)


def test_suite_kills_fifty_times() -> None:
    at_steps = (2 * len(STEPS) - 1) * len(OCCURRENCES)
    assert at_steps + CHAINS * KILLS_IN_A_CHAIN >= 50
