"""More jobs than one page holds, read at every revision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from support.wire_answers import hold_error, hold_list
from support.wire_contract import NO_FIRST_AND_LAST, before, every_revision

if TYPE_CHECKING:
    from support.client import Answer
    from support.wire_jobs import Archive, Jobs

CURSOR = re.compile(r"(.*)[?&]page%5Bcursor%5D=([A-Za-z0-9_-]{1,44})")


@every_revision
def test_first_page_holds_a_hundred(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    page = jobs.list()
    hold_list(jobs, page)
    assert shown(page) == archive.newest_first[:100]
    assert page.json["links"]["prev"] is None


@every_revision
def test_next_links_lead_through(archive: Archive, revision: str) -> None:
    pages = walked(archive.jobs.at(revision), "next")
    assert [len(shown(page)) for page in pages] == [100, 100, 5]
    assert sum((shown(page) for page in pages), ()) == archive.newest_first


@every_revision
def test_prev_links_lead_back(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    there = walked(jobs, "next")
    back = walked(jobs, "prev", there[-1])
    assert [shown(page) for page in back] == [shown(page) for page in reversed(there)]


@every_revision
def test_later_pages_are_whole(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    for page in walked(jobs, "next")[1:]:
        match = CURSOR.fullmatch(page.json["links"]["self"])
        assert match
        hold_list(jobs, page, {"page[cursor]": match[2]})


@before(NO_FIRST_AND_LAST)
def test_first_and_last_lead_there(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    links = walked(jobs, "next")[1].json["links"]
    assert CURSOR.fullmatch(links["first"]) is None
    assert shown(followed(jobs, links["first"])) == archive.newest_first[:100]
    last = followed(jobs, links["last"])
    assert shown(last)[-1] == archive.newest_first[-1]
    assert last.json["links"]["next"] is None


@every_revision
def test_next_link_keeps_the_query(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    query = {"filter": 'equals(status,"complete")'}
    page = jobs.list(query)
    hold_list(jobs, page, query)
    match = CURSOR.fullmatch(page.json["links"]["next"])
    assert match
    assert match[1] == page.json["links"]["self"]
    assert shown(followed(jobs, match[0])) == archive.newest_first[100:200]


@every_revision
@pytest.mark.parametrize("form", ["{}", "={}", "{url}"])
def test_cursor_forms_are_tolerated(archive: Archive, revision: str, form: str) -> None:
    jobs = archive.jobs.at(revision)
    url = jobs.list().json["links"]["next"]
    match = CURSOR.fullmatch(url)
    assert match
    page = jobs.list({"page[cursor]": form.format(match[2], url=url)})
    assert shown(page) == archive.newest_first[100:200]


@every_revision
def test_doubled_parameters_are_tolerated(archive: Archive, revision: str) -> None:
    jobs = archive.jobs.at(revision)
    url = jobs.list().json["links"]["next"]
    doubled = f"{url}&{url.partition('?')[2]}"
    assert shown(followed(jobs, doubled)) == archive.newest_first[100:200]


@every_revision
@pytest.mark.parametrize("cursor", ["nonsense", "bmV4dDo6aWQ6OjAx", "%"])
def test_bad_cursor_is_refused(archive: Archive, revision: str, cursor: str) -> None:
    answer = archive.jobs.at(revision).list({"page[cursor]": cursor})
    source = {"pointer": "/data/"}
    hold_error(answer, 400, detail="Invalid cursor provided.", source=source, extra={})


def shown(page: Answer) -> tuple[str, ...]:
    """The ids of a page's jobs, where any revision has them."""
    return tuple(job["id"] for job in page.json["data"])


def followed(jobs: Jobs, link: Any) -> Answer:
    answer = jobs.client.get(str(link), revision=jobs.revision)
    assert answer.status == 200, answer.body
    return answer


def walked(jobs: Jobs, way: str, start: Answer | None = None) -> list[Answer]:
    """The pages from the first, or from `start`, to the end of the way."""
    pages = [start or jobs.list()]
    while pages[-1].json["links"][way]:
        pages.append(followed(jobs, pages[-1].json["links"][way]))
    return pages
