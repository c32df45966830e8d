from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.api.handlers.kept import _metric_names
from backroom.store import kept
from support.factories import Site

if TYPE_CHECKING:
    from backroom.store.database import Database

LONG = "".join(hashlib.sha256(bytes([each])).hexdigest() for each in range(200))
"""A text that no index of PostgreSQL takes, nor can compress enough."""
EVENT = {"attributes": {"metric": {"data": {"attributes": {"name": "Viewed"}}}}}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": {"attributes": {"metric": {"name": "Viewed"}}}}, ["Viewed"]),
        ({"data": EVENT}, ["Viewed"]),
        ({"data": {"attributes": {"events": {"data": [EVENT, EVENT]}}}}, ["Viewed", "Viewed"]),
        ({"data": {"attributes": {"properties": {"metric": {"name": "Mine"}}}}}, []),
    ],
)
def test_metrics_are_found_in_all_shapes(body: Any, names: list[str]) -> None:
    assert list(_metric_names(body)) == names


def test_profile_without_identifiers_is_kept(database: Database) -> None:
    site = Site(database)
    body = {"data": {"type": "profile", "attributes": {"first_name": "Ada"}}}
    statuses = [site.post("/api/profiles", msgspec.json.encode(body)).status for _ in range(2)]
    assert statuses == [201, 201]
    with database.read() as tx:
        assert len(kept.kept_resources(tx, site.account, kept.PROFILE)) == 2
        assert len(kept.kept_requests(tx, site.account)) == 2


def profile(site: Site, place: str, **members: Any) -> Any:
    body = {"data": {"type": "profile", **members}}
    return site.post(place, msgspec.json.encode(body))


def test_identifiers_have_any_length(database: Database) -> None:
    site, attributes = Site(database), {"email": LONG}
    statuses = [profile(site, "/api/profiles", attributes=attributes).status for _ in range(2)]
    assert statuses == [201, 409]
    assert profile(site, "/api/profile-import", attributes=attributes).status == 200


def test_ids_have_a_greatest_length(database: Database) -> None:
    site = Site(database)
    refused = profile(site, "/api/profile-import", id=LONG, attributes={})
    assert (refused.status, refused.error["source"]) == (400, {"pointer": "/data/id"})
    longest = LONG[: kept.LONGEST_KEPT_ID]
    assert profile(site, "/api/profile-import", id=longest, attributes={}).status == 200


@pytest.mark.parametrize("values", ['["Ada",1]', '[1,null,true,1.5,"Ada"]'])
def test_values_of_any_type_are_compared(database: Database, values: str) -> None:
    site = Site(database)
    for _ in range(2):
        profile(site, "/api/profiles", attributes={"first_name": "Ada"})
    first = site.get("/api/profiles", f"page%5Bsize%5D=1&filter=any(first_name,{values})").json
    _, _, query = first["links"]["next"].partition("?")
    second = site.get("/api/profiles", query).json
    assert [len(each["data"]) for each in (first, second)] == [1, 1]
    assert first["data"] != second["data"]
