from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.kinds import Verb
from backroom.dashboard.sizes import SIZES_KEPT_SECONDS, CatalogSizes
from support.factories import a_creation, done

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_sizes_are_counted_once_in_a_while(database: Database) -> None:
    moments = iter([0.0, SIZES_KEPT_SECONDS - 1, SIZES_KEPT_SECONDS])
    sizes = CatalogSizes(lambda: next(moments))
    counted = []
    with database.read() as tx:
        counted.append([each.rows for each in sizes.now(tx)])
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    with database.read() as tx:
        counted += [[each.rows for each in sizes.now(tx)] for _ in range(2)]
    assert counted == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
