from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support.factories import Site

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_account_is_that_of_the_key(database: Database) -> None:
    site = Site(database)
    answered = site.get(f"/api/accounts/{site.account}")
    shown = msgspec.json.decode(answered.body)["data"]
    assert (answered.status, shown["id"]) == (200, site.account)
    assert site.get("/api/accounts/other").status == 404
