from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from support.client import NEWEST
from support.factories import Site

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ("locale", {"locale": "en-US"}),
        ("locale,contact_information.website_url", None),
        ("id", {}),
    ],
)
def test_only_named_fields_are_shown(
    database: Database, names: str, shown: dict[str, str] | None
) -> None:
    answered = Site(database).get("/api/accounts", f"fields[account]={names}")
    (one,) = msgspec.json.decode(answered.body)["data"]
    nested = {"locale": "en-US", "contact_information": {"website_url": "https://mugs.example"}}
    assert one["attributes"] == (nested if shown is None else shown)


def test_members_are_those_of_the_revision(database: Database) -> None:
    site = Site(database)
    early, late = (
        msgspec.json.decode(site.get("/api/accounts", revision=each).body)["data"][0]["attributes"]
        for each in ("2023-06-15", NEWEST)
    )
    assert late.keys() - early.keys() == {"locale", "test_account"}
