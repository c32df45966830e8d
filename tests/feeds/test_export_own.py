from __future__ import annotations

from backroom.catalog.kinds import VARIANT as KIND
from backroom.feeds.export_own import own_records
from backroom.feeds.reading_back import REFUSED, Losses
from feeds.small_catalogs import VARIANT, spool_of


def test_what_an_import_refuses_is_counted() -> None:
    spool = spool_of()
    spool.add_variants([("alone", VARIANT | {"price": None})])
    losses = Losses()
    assert len(list(own_records(spool, losses))) == 1
    assert losses.found == {
        (KIND.name, "price", REFUSED): (1, ["alone"]),
        (KIND.name, "item", REFUSED): (1, ["alone"]),
    }
