"""Pages of resources, whose order a client may turn round. Pages of jobs are with their handler."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from backroom.api.paging import Ordering, Place
from backroom.catalog.kinds import Verb
from backroom.store import open_database
from support.factories import OLDEST, Site, a_creation, a_deletion, done

if TYPE_CHECKING:
    from backroom.store.database import Database
    from conftest import NewDatabase

NAMES = list("abcdefg")
PATH = "/api/catalog-items"


@pytest.fixture
def site(database: Database) -> Site:
    made = Site(database)
    drafts = [a_creation("item", name) for name in NAMES]
    done(database, Verb.CREATE, "item", *drafts, account=made.account)
    return made


def page(site: Site, url: str, **headers: str) -> Any:
    parts = urlsplit(url)
    answered = site.get(parts.path, parts.query, **headers)
    assert answered.status == 200, answered.body
    return answered.json


def names(document: Any) -> list[str]:
    return [each["attributes"]["external_id"] for each in document["data"]]


def walked(site: Site, url: str, way: str = "next") -> list[Any]:
    pages = [page(site, url)]
    while pages[-1]["links"][way]:
        pages.append(page(site, pages[-1]["links"][way]))
    return pages


@pytest.mark.parametrize(
    ("descending", "onward", "ascends"),
    [(False, True, True), (False, False, False), (True, True, False), (True, False, True)],
)
def test_rows_are_read_away_from_the_border(
    *, descending: bool, onward: bool, ascends: bool
) -> None:
    assert Ordering(descending).ascends(Place(None, onward)) is ascends


@pytest.mark.parametrize(("sort", "order"), [("created", NAMES), ("-created", NAMES[::-1])])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_hold_all_in_order(site: Site, sort: str, order: list[str], size: int) -> None:
    there = walked(site, f"{PATH}?page[size]={size}&sort={sort}")
    assert [name for each in there for name in names(each)] == order
    back = walked(site, there[-1]["links"]["self"], "prev")
    assert [names(each) for each in back] == [names(each) for each in reversed(there)]


def test_cursor_of_another_order_is_refused(site: Site) -> None:
    link = urlsplit(page(site, f"{PATH}?page[size]=2")["links"]["next"])
    assert site.get(PATH, f"{link.query}&sort=-created").status == 400


def test_servers_of_a_database_share_cursors(site: Site) -> None:
    link = page(site, f"{PATH}?page[size]=2")["links"]["next"]
    assert names(page(Site(site.database), link)) == ["c", "d"]


def test_cursor_of_another_database_is_refused(site: Site, new_store: NewDatabase) -> None:
    link = urlsplit(page(site, f"{PATH}?page[size]=2")["links"]["next"])
    with closing(open_database(new_store())) as database:
        other = Site(database)
        assert other.account == site.account
        answered = other.get(PATH, link.query)
    assert (answered.status, answered.error["detail"]) == (400, "Invalid cursor provided.")


def test_empty_cursor_is_refused(site: Site) -> None:
    answered = site.get(PATH, "page[cursor]=")
    assert (answered.status, answered.error["detail"]) == (400, "Invalid cursor provided.")


def test_page_that_went_leads_back(site: Site) -> None:
    link = page(site, f"{PATH}?page[size]=6")["links"]["next"]
    done(site.database, Verb.DELETE, "item", a_deletion("g"), account=site.account)
    gone = page(site, link)
    assert (gone["data"], gone["links"]["next"]) == ([], None)
    assert names(page(site, gone["links"]["prev"])) == NAMES[:6]


def test_last_page_is_the_end(site: Site) -> None:
    drafts = [a_creation("item", f"more {n:03}") for n in range(100)]
    done(site.database, Verb.CREATE, "item", *drafts, account=site.account)
    last = page(site, page(site, PATH, revision=OLDEST)["links"]["last"], revision=OLDEST)
    assert names(last)[-1] == "more 099"
    assert last["links"]["next"] is None
