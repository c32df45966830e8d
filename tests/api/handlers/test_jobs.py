"""Pages, single jobs and what they include, through the whole way without a socket."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from backroom.catalog import ids
from backroom.catalog.kinds import Verb
from backroom.jobs.lifecycle import LIFETIME
from backroom.settings import Settings
from support.factories import (
    NEWEST,
    OLDEST,
    Site,
    a_body,
    a_complete_job,
    a_creation,
    a_deletion,
    a_job,
    a_kind_of_job,
    a_resource,
    all_stored,
    done,
    stored,
    written,
)

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.jobs import Job
    from support.factories import Answered

ITEMS = a_kind_of_job("item", "create")
PATH = f"/api/{ITEMS.collection}"
LAST_WITH_BOTH_ENDS = "2025-01-15"


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


def fill(site: Site, count: int, **members: Any) -> list[str]:
    """Put in jobs a second apart; give their ids, the newest first."""
    rows = [a_complete_job(timedelta(seconds=n + 1), **members) for n in range(count)]
    all_stored(site.database, rows, site.account)
    return [row.job_id for row in rows]


def page(site: Site, url: str = PATH, revision: str = NEWEST) -> Any:
    parts = urlsplit(url)
    answered = site.get(parts.path, parts.query, revision=revision)
    assert answered.status == 200, answered.body
    return answered.json


def shown(document: Any) -> list[str]:
    return [each["id"] for each in document["data"]]


def walked(site: Site, way: str, url: str = PATH) -> list[Any]:
    pages = [page(site, url)]
    while pages[-1]["links"][way]:
        pages.append(page(site, pages[-1]["links"][way]))
    return pages


def test_empty_list_has_no_pages(site: Site) -> None:
    document = page(site)
    assert document["data"] == []
    assert document["links"] == {"self": f"http://shop.test{PATH}", "next": None, "prev": None}


def test_page_holds_a_hundred(site: Site) -> None:
    newest_first = fill(site, 101)
    assert shown(page(site)) == newest_first[:100]


def test_full_page_has_no_next(site: Site) -> None:
    fill(site, 100)
    assert page(site)["links"]["next"] is None


def test_next_leads_to_the_end(site: Site) -> None:
    newest_first = fill(site, 250)
    pages = walked(site, "next")
    assert [len(shown(each)) for each in pages] == [100, 100, 50]
    assert [job_id for each in pages for job_id in shown(each)] == newest_first


def test_prev_leads_to_the_beginning(site: Site) -> None:
    fill(site, 250)
    there = walked(site, "next")
    back = walked(site, "prev", there[-1]["links"]["self"])
    assert [shown(each) for each in back] == [shown(each) for each in reversed(there)]
    assert back[-1]["links"]["prev"] is None


def test_new_jobs_do_not_shift_pages(site: Site) -> None:
    newest_first = fill(site, 150)
    first = page(site)
    stored(site.database, a_job(), account=site.account)
    second = page(site, first["links"]["next"])
    assert shown(second) == newest_first[100:]
    assert len(shown(page(site, second["links"]["prev"]))) == 100


def test_page_before_new_jobs_is_found(site: Site) -> None:
    fill(site, 150)
    second = page(site, page(site)["links"]["next"])
    new = stored(site.database, a_job(), account=site.account)
    back = page(site, second["links"]["prev"])
    assert new.job_id in shown(page(site, back["links"]["prev"]))


def test_self_is_the_url_as_called(site: Site) -> None:
    query = "filter=equals(status,%22complete%22)"
    assert page(site, f"{PATH}/?{query}")["links"]["self"] == f"http://shop.test{PATH}/?{query}"


def test_pages_keep_the_query(site: Site) -> None:
    fill(site, 201)
    query = quote('equals(status,"complete")', safe="(),")
    for document in walked(site, "next", f"{PATH}?filter={query}&fields[{ITEMS.type}]=status"):
        link = document["links"]["next"]
        if link:
            assert f"?filter={query}&" in link
            assert link.count("cursor") == 1
            assert link.index("cursor") > link.index("fields")


def test_cursor_fits_its_filter_only(site: Site) -> None:
    fill(site, 101)
    cursor = page(site)["links"]["next"].rpartition("=")[2]
    filtered = f"page[cursor]={cursor}&filter=equals(status,'complete')"
    for path, query in (
        (PATH, filtered),
        (PATH.replace("create", "update"), f"page[cursor]={cursor}"),
    ):
        answered = site.get(path, query)
        assert (answered.status, answered.error["detail"]) == (400, "Invalid cursor provided.")


def test_cursor_fits_its_account_only(site: Site) -> None:
    fill(site, 101)
    link = urlsplit(page(site)["links"]["next"])
    other = Site(site.database)
    assert other.get(link.path, link.query).status == 200
    written(site.database, lambda tx: tx.run("update accounts set name = 'renamed'"))
    stranger = Site(site.database)
    assert stranger.account != site.account
    assert stranger.get(link.path, link.query).status == 400


def test_old_pages_link_first_and_last(site: Site) -> None:
    newest_first = fill(site, 250)
    links = page(site, revision=LAST_WITH_BOTH_ENDS)["links"]
    assert list(links) == ["self", "next", "prev", "first", "last"]
    assert links["first"] == f"http://shop.test{PATH}"
    last = page(site, links["last"], LAST_WITH_BOTH_ENDS)
    assert shown(last) == newest_first[-100:]
    assert last["links"]["next"] is None
    before = page(site, last["links"]["prev"], LAST_WITH_BOTH_ENDS)
    assert shown(before) == newest_first[50:150]


def test_first_link_keeps_the_query(site: Site) -> None:
    fill(site, 101)
    document = page(site, f"{PATH}?filter=equals(status,'complete')", OLDEST)
    second = page(site, document["links"]["next"], OLDEST)
    expected = f"http://shop.test{PATH}?filter=equals(status,'complete')"
    assert second["links"]["first"] == expected


def test_newer_pages_link_neither(site: Site) -> None:
    assert list(page(site, revision="2025-04-15")["links"]) == ["self", "next", "prev"]


def test_filter_picks_a_status(site: Site) -> None:
    complete = fill(site, 3)
    waiting = stored(site.database, a_job(), account=site.account)
    counts = {
        status: shown(page(site, f"{PATH}?filter=equals(status,'{status}')"))
        for status in ("queued", "processing", "complete", "cancelled")
    }
    assert counts == {
        "queued": [],
        "processing": [waiting.job_id],
        "complete": complete,
        "cancelled": [],
    }


def test_two_statuses_find_nothing(site: Site) -> None:
    fill(site, 3)
    query = "filter=equals(status,'complete'),equals(status,'queued')"
    assert page(site, f"{PATH}?{query}")["data"] == []


def test_expired_jobs_are_gone(site: Site) -> None:
    hour = timedelta(hours=1)
    young = stored(site.database, a_complete_job(LIFETIME - hour), account=site.account)
    old = stored(site.database, a_complete_job(LIFETIME + hour), account=site.account)
    assert shown(page(site)) == [young.job_id]
    answered = site.get(f"{PATH}/{old.job_id}")
    assert answered.status == 404
    detail = f"A catalog-item bulk create job with id {old.job_id} does not exist."
    assert answered.error["detail"] == detail


def test_posted_job_is_answered(site: Site) -> None:
    answered = posted(site, a_resource("item"))
    assert answered.status == 202
    assert list(answered.json) == ["data", "links"]
    assert answered.json["links"] == {"self": f"http://shop.test{PATH}"}
    attributes = answered.json["data"]["attributes"]
    assert (attributes["status"], attributes["total_count"]) == ("processing", 1)
    assert "relationships" not in answered.json["data"]


def posted(site: Site, *resources: Any) -> Answered:
    return site.post(PATH, msgspec.json.encode(a_body(ITEMS, *resources)))


def test_posted_job_may_be_queued(database: Database) -> None:
    site = Site(database, Settings(show_queued=True))
    assert posted(site, a_resource("item")).json["data"]["attributes"]["status"] == "queued"


def test_processing_job_includes_nothing(site: Site) -> None:
    job_id = posted(site, a_resource("item")).json["data"]["id"]
    document = page(site, f"{PATH}/{job_id}?include=items")
    assert document["data"]["relationships"] == {"items": {"data": []}}
    assert document["included"] == []
    assert "relationships" not in page(site, f"{PATH}/{job_id}")["data"]


def a_linking_job(site: Site, *names: str) -> Job:
    linkage = [{"type": "catalog-item", "id": ids.resource_id(name)} for name in names]
    row = a_complete_job(linkage=msgspec.json.encode(linkage).decode())
    return stored(site.database, row, account=site.account)


def test_included_follow_the_linkage(site: Site) -> None:
    drafts = [a_creation("item", name) for name in "abc"]
    done(site.database, Verb.CREATE, "item", *drafts, account=site.account)
    job = a_linking_job(site, "c", "a", "a", "b")
    document = page(site, f"{PATH}/{job.job_id}?include=items")
    assert [each["attributes"]["external_id"] for each in document["included"]] == ["c", "a", "b"]
    assert len(document["data"]["relationships"]["items"]["data"]) == 4


def test_deleted_are_linked_but_gone(site: Site) -> None:
    drafts = [a_creation("item", name) for name in "ab"]
    done(site.database, Verb.CREATE, "item", *drafts, account=site.account)
    done(site.database, Verb.DELETE, "item", a_deletion("a"), account=site.account)
    job = a_linking_job(site, "a", "b")
    document = page(site, f"{PATH}/{job.job_id}?include=items")
    assert [each["id"] for each in document["included"]] == [ids.resource_id("b")]
    assert len(document["data"]["relationships"]["items"]["data"]) == 2


def test_included_are_the_accounts_own(site: Site) -> None:
    done(site.database, Verb.CREATE, "item", a_creation("item", "a"), account="other")
    job = a_linking_job(site, "a")
    assert page(site, f"{PATH}/{job.job_id}?include=items")["included"] == []


def test_fields_thin_the_included(site: Site) -> None:
    done(site.database, Verb.CREATE, "item", a_creation("item", "a"), account=site.account)
    job = a_linking_job(site, "a")
    query = f"include=items&fields[catalog-item]=title,id&fields[{ITEMS.type}]="
    document = page(site, f"{PATH}/{job.job_id}?{query}")
    (item,) = document["included"]
    assert list(item["attributes"]) == ["title"]
    assert "links" in item
    assert document["data"]["attributes"] == {}


@pytest.mark.parametrize("name", ['a"b', "a\\", '"},{', "},{", "[", "ü", "a b"])
def test_awkward_names_are_included(site: Site, name: str) -> None:
    names = ["before", name, "after"]
    drafts = [a_creation("item", each) for each in names]
    done(site.database, Verb.CREATE, "item", *drafts, account=site.account)
    job = a_linking_job(site, *names)
    document = page(site, f"{PATH}/{job.job_id}?include=items")
    assert [each["attributes"]["external_id"] for each in document["included"]] == names
