"""How long and how often is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """One way to run: `seconds` is how long a contestant is measured in a round."""

    name: str
    rounds: int
    seconds: float
    drained_jobs: int
    """Jobs of a hundred items that wait in each database whose draining is timed."""
    items: int
    """Items in the large catalog."""


FULL = Settings("full", rounds=5, seconds=1.5, drained_jobs=200, items=1_000_000)
QUICK = Settings("quick", rounds=5, seconds=0.5, drained_jobs=80, items=100_000)
