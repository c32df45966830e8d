"""Links between items and categories, through the whole way without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.catalog import ids
from backroom.catalog.kinds import Verb
from support.factories import Site, a_creation, done

if TYPE_CHECKING:
    from backroom.store.database import Database
    from support.factories import Answered

PATH = f"/api/catalog-items/{ids.resource_id('i')}/relationships/categories"


@pytest.fixture
def site(database: Database) -> Site:
    made = Site(database)
    done(database, Verb.CREATE, "item", a_creation("item", "i"), account=made.account)
    for name in "abc":
        drafts = a_creation("category", name)
        done(database, Verb.CREATE, "category", drafts, account=made.account)
    return made


def send(site: Site, method: str, *names: str, path: str = PATH) -> Answered:
    data = [{"type": "catalog-category", "id": ids.resource_id(name)} for name in names]
    headers = {"content_type": "application/json"}
    return site.call(method, path, headers=headers, chunks=[msgspec.json.encode({"data": data})])


def linked(site: Site) -> list[str]:
    return sorted(ids.external_id(each["id"]) or "" for each in site.get(PATH).json["data"])


def test_links_come_and_go(site: Site) -> None:
    assert send(site, "POST", "a", "b").status == 204
    assert linked(site) == ["a", "b"]
    assert send(site, "PATCH", "b", "c").status == 200
    assert linked(site) == ["b", "c"]
    assert send(site, "DELETE", "b").status == 204
    assert linked(site) == ["c"]
    assert send(site, "PATCH").status == 200
    assert linked(site) == []


def test_identifiers_are_bare(site: Site) -> None:
    send(site, "POST", "a")
    document = site.get(PATH).json
    assert document["data"] == [{"type": "catalog-category", "id": ids.resource_id("a")}]
    assert list(document["links"]) == ["self", "next", "prev"]


def test_present_links_refuse_all(site: Site) -> None:
    send(site, "POST", "a")
    answered = send(site, "POST", "b", "a")
    assert (answered.status, answered.error["code"]) == (409, "conflict")
    assert linked(site) == ["a"]


def test_absent_links_refuse_all(site: Site) -> None:
    send(site, "POST", "a")
    answered = send(site, "DELETE", "a", "b")
    assert (answered.status, answered.error["code"]) == (404, "not_found")
    assert linked(site) == ["a"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_owner_must_be_there(site: Site, method: str) -> None:
    path = PATH.replace(ids.resource_id("i"), ids.resource_id("none"))
    assert send(site, method, "a", path=path).status == 404
