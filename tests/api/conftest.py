"""A site for all tests of the API that need no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.limits import Limiter
from support.factories import Site

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.fixture
def site(database: Database) -> Site:
    """A site with the real rate limits."""
    return Site(database, limiter=Limiter(1))
