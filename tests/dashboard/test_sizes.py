from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import Verb
from backroom.dashboard.sizes import LEAST_SECONDS, MOST_SECONDS, CatalogSizes
from support.factories import a_creation, done

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.mark.parametrize(("took", "good"), [(0.0, LEAST_SECONDS), (0.1, MOST_SECONDS)])
def test_quick_counts_are_repeated_sooner(database: Database, took: float, good: float) -> None:
    moments = iter([0.0, took, took + good - 0.1, took + good, took + good])
    sizes = CatalogSizes(lambda: next(moments))
    counted = []
    with database.read() as tx:
        counted.append([each.rows for each in sizes.now(tx)])
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    with database.read() as tx:
        counted += [[each.rows for each in sizes.now(tx)] for _ in range(2)]
    assert counted == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
