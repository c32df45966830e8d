"""A shop on a file of its own, and a seed for its chances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crash.lives import Shop, open_shop

if TYPE_CHECKING:
    from pathlib import Path

    from support.process import Programs


@pytest.fixture
def shop(programs: Programs, tmp_path: Path, seed: str) -> Shop:
    return open_shop(programs, tmp_path / "shop.db", seed)
