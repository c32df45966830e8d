"""Databases with a URL, of each engine."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database
from store.small_shop import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database, which others may open too."""
    with ExitStack() as stack:
        if engine == "sqlite":
            yield str(tmp_path / "shop.db")
        else:
            yield stack.enter_context(request.getfixturevalue("cluster").kept_database())


@pytest.fixture
def shop_url(url: str) -> str:
    """The URL of a database with a small shop, which nobody has open."""
    with closing(open_database(url, pipeline=False)) as database:
        fill(database)
    return url
