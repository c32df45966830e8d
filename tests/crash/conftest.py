"""A shop on a file of its own, and a seed for its chances."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from crash.lives import Shop, open_shop
from process import Programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Starts programs in an empty directory, and kills what a test left running."""
    started = Programs(tmp_path)
    yield started
    started.end()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> str:
    """Another one for each test and run; shown where the test fails."""
    seed = f"{request.node.name} {random.getrandbits(32)}"
    print(f"seed: {seed}")  # noqa: T201 - for who has to find out
    return seed


@pytest.fixture
def shop(programs: Programs, tmp_path: Path, seed: str) -> Shop:
    return open_shop(programs, tmp_path / "shop.db", seed)
