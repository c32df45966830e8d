"""The list of jobs over HTTP."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.dashboard import jobs
from dashboard.conftest import signed_in
from support.factories import a_complete_job, all_stored
from support.job_shop import JOBS_PATH, Shop

if TYPE_CHECKING:
    from backroom.server import Server
    from support.visitor import Visitor

HOUR = timedelta(hours=1)


@pytest.fixture
def visitor(live_server: Server) -> Visitor:
    """Somebody who has signed in."""
    return signed_in(live_server)


def links(text: str) -> dict[str, str]:
    """The addresses of the links with an id."""
    found = re.findall(r'<a [^>]*id="(\w+)"[^>]*href="([^"]*)"', text)
    return {name: html.unescape(address) for name, address in found}


def ids(text: str) -> list[str]:
    return re.findall(r'id="row-(\w+)-', text)


def test_filters_narrow_the_list(shop: Shop, visitor: Visitor) -> None:
    sound, failed = shop.ended("a"), shop.ended("a")
    assert ids(visitor.read(shop.list)) == [failed, sound]
    assert ids(visitor.read(f"{shop.list}&failures=1")) == [failed]
    assert ids(visitor.read(f"{shop.list}&text=already+exists")) == [failed]
    assert ids(visitor.read(f"{shop.list}&state=processing")) == []
    assert ids(visitor.read(f"{shop.list}&kind=item&verb=create&state=complete")) == [failed, sound]
    assert ids(visitor.read(f"{shop.list}&kind=category")) == []
    assert "already exists" in visitor.words(shop.list)


def test_time_narrows_the_list(shop: Shop, visitor: Visitor) -> None:
    job_id = shop.ended("a")
    now = clock.now()
    earlier, later = (clock.timestamp(now + HOUR * step)[:16] for step in (-1, 1))
    assert ids(visitor.read(f"{shop.list}&from={earlier}&until={later}")) == [job_id]
    assert ids(visitor.read(f"{shop.list}&from={later}")) == []
    assert ids(visitor.read(f"{shop.list}&until={earlier}")) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("account=nobody", "There is no account 'nobody'."),
        ("from=yesterday", "'yesterday' is not a time"),
        ("account=%00&text=%00&state=%00", "There is no account"),
        ("kind=shoe", "No job matches."),
        ("before=nothing", "Jobs"),
    ],
)
def test_senseless_filters_say_so(visitor: Visitor, query: str, words: str) -> None:
    assert words in visitor.words(f"{JOBS_PATH}?{query}")


def test_pages_lead_on_and_back(shop: Shop, visitor: Visitor) -> None:
    rows = [a_complete_job(HOUR * age) for age in range(120)]
    all_stored(shop.server.database, rows, shop.account)
    first = visitor.read(shop.list)
    assert "newer" not in links(first)
    second = visitor.read(links(first)["older"])
    third = visitor.read(links(second)["older"])
    assert "older" not in links(third)
    assert [*ids(first), *ids(second), *ids(third)] == [each.job_id for each in rows]
    assert ids(visitor.read(links(third)["newer"])) == ids(second)
    back = visitor.ask("GET", links(second)["newer"])
    assert (back.status, back.headers["location"]) == (303, shop.list)


def test_look_goes_further_back(
    shop: Shop, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backroom.store.job_search.MOST_LOOKED_AT", 10)
    rows = [a_complete_job(HOUR * age) for age in range(30)]
    all_stored(shop.server.database, rows, shop.account)
    page = visitor.read(f"{shop.list}&state=complete&kind=variant")
    assert "Search older jobs" in page
    for _ in range(3):
        page = visitor.read(links(page)["older"])
    assert "No further job matches" in page


def test_newest_page_is_live(shop: Shop, visitor: Visitor) -> None:
    job_id = shop.ended("a")
    query = shop.list.partition("?")[2]
    assert f"{JOBS_PATH}/live?{query}" in html.unescape(visitor.read(shop.list))
    with visitor.following(f"{JOBS_PATH}/live?{query}") as answer:
        assert job_id.encode() in answer.read1(100_000)


def test_types_read_as_words() -> None:
    assert jobs.words_of("catalog-item-bulk-create-job") == "create items"
    assert jobs.words_of("of-a-later-version") == "of-a-later-version"
