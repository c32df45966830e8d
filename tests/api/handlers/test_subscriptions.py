from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom.catalog.kinds import Verb
from backroom.store import subscriptions
from support.client import NEWEST
from support.factories import Site, a_creation, done
from support.neighbours import a_neighbour_body
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from backroom.store.database import Database

PLACE = ("POST", "/api/back-in-stock-subscriptions")


def test_what_was_sent_is_kept(database: Database) -> None:
    site = Site(database)
    done(database, Verb.CREATE, "variant", a_creation("variant", "a"), account=site.account)
    body = a_neighbour_body(NEWEST, PLACE, {"catalog-variant": catalog_id("a")})
    answered = site.post(PLACE[1], msgspec.json.encode(body))
    assert (answered.status, answered.body) == (202, b"")
    with database.read() as tx:
        (kept,) = subscriptions.listed(tx, site.account)
    attributes = body["data"]["attributes"]
    assert msgspec.json.decode(kept.channels) == attributes["channels"]
    assert msgspec.json.decode(kept.profile) == attributes["profile"]["data"]
