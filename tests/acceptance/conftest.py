"""Programs at home in a directory of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from process import Programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Starts `backroom` in an empty directory, and kills what a test left running."""
    started = Programs(tmp_path)
    yield started
    started.end()
