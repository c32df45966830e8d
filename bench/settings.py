"""How long and how often is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """One way to run: in each of `rounds` a contestant has `slices` turns of `seconds`."""

    name: str
    rounds: int
    slices: int
    seconds: float
    waiting_jobs: int
    """Jobs of a hundred items that wait in each database whose draining is timed."""
    items: int
    """Items in the large catalog."""


FULL = Settings("full", rounds=5, slices=5, seconds=0.2, waiting_jobs=600, items=1_000_000)
QUICK = Settings("quick", rounds=5, slices=3, seconds=0.1, waiting_jobs=160, items=100_000)
