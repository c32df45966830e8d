"""Which dates are served, as what, and what the answer says about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from support.client import NEWEST
from support.wire_answers import hold_error
from support.wire_contract import FIRST_REVISION, KINDS, REVISIONS, every_kind, every_revision
from support.wire_jobs import Jobs
from support.wire_requests import a_body

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_contract import Kind

PATH = KINDS[0].path
ECHO = "X-Klaviyo-Api-Revision"
RETIREMENT = "X-Klaviyo-Api-Retirement-Date"
MALFORMED = [
    "latest",
    "2024-13-15",
    "2024-02-30",
    "2024-1-5",
    "20241015",
    "2024-W01-1",
    "15-10-2024",
]


def today() -> date:
    return datetime.now(UTC).date()


def years_after(day: str, years: int) -> date:
    start = date.fromisoformat(day)
    return start.replace(year=start.year + years)


def at(client: Client, revision: str | None) -> Answer:
    return client.get(PATH, headers={"revision": revision})


@every_revision
@every_kind
def test_known_date_is_echoed(client: Client, revision: str, kind: Kind) -> None:
    posted = Jobs(client, revision, kind).send(a_body(revision, kind))
    answers = [posted, Jobs(client, revision, kind).list(), Jobs(client, revision, kind).get("x")]
    assert [answer.status for answer in answers] == [202, 200, 404]
    assert {answer.headers[ECHO] for answer in answers} == {revision}


@every_revision
def test_old_dates_tell_their_retirement(client: Client, revision: str) -> None:
    shown = at(client, revision).headers.get(RETIREMENT)
    if years_after(revision, 1) < today():
        assert shown == years_after(revision, 2).isoformat()
    if years_after(revision, 1) > today():
        assert shown is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    list(pairwise(REVISIONS)),
)
def test_between_dates_take_the_earlier(client: Client, earlier: str, later: str) -> None:
    after = date.fromisoformat(earlier) + timedelta(days=1)
    just_before = date.fromisoformat(later) - timedelta(days=1)
    for day in (after, just_before):
        answer = at(client, day.isoformat())
        assert answer.status == 200
        assert answer.headers[ECHO] == earlier


@pytest.mark.slow
@pytest.mark.parametrize(
    ("earlier", "later"),
    list(pairwise(REVISIONS)),
)
def test_between_dates_have_its_shape(client: Client, earlier: str, later: str) -> None:
    day = (date.fromisoformat(later) - timedelta(days=1)).isoformat()
    for kind in KINDS:
        answer = client.post(kind.path, a_body(earlier, kind), revision=day)
        assert answer.status == 202
        assert ("job_id" in answer.json["data"]["attributes"]) == (earlier < "2023-12-15")


def test_today_is_the_newest(client: Client) -> None:
    answer = at(client, max(today().isoformat(), NEWEST))
    assert answer.status == 200
    assert answer.headers[ECHO] == NEWEST


@pytest.mark.parametrize("days", [2, 30, 4000])
def test_future_dates_are_not_found(client: Client, days: int) -> None:
    future = max(today(), date.fromisoformat(NEWEST)) + timedelta(days=days)
    answer = at(client, future.isoformat())
    detail = "Unable to specify a future revision date"
    hold_not_found(answer)
    assert answer.error["detail"] == detail


@pytest.mark.parametrize("day", ["2022-10-16", "2022-01-01", "1999-12-31"])
def test_dates_before_all_are_not_found(client: Client, day: str) -> None:
    answer = at(client, day)
    hold_not_found(answer)
    assert "before the earliest available" in answer.error["detail"]
    assert FIRST_REVISION in answer.error["detail"]


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_dates_are_refused(client: Client, text: str) -> None:
    answer = at(client, text)
    hold_error(answer, 400, source={"pointer": "/data/"}, extra=None)


@pytest.mark.parametrize("text", [None, ""])
def test_missing_date_is_refused(client: Client, text: str | None) -> None:
    answer = at(client, text)
    hold_error(answer, 400, source={"pointer": "/data/"}, extra=None)


@every_kind
def test_posts_need_the_date_too(client: Client, kind: Kind) -> None:
    answer = client.post(kind.path, a_body(NEWEST, kind), headers={"revision": None})
    hold_error(answer, 400, source={"pointer": "/data/"}, extra=None)
    assert client.get(kind.path).json["data"] == []


@every_revision
def test_usual_headers_are_there(client: Client, revision: str) -> None:
    headers = at(client, revision).headers
    assert headers["Content-Language"] == "en-us"
    assert headers["Vary"] == "Accept, Accept-Language, Cookie, Origin"
    assert len(headers["Cid"]) == 6
    assert headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert headers["X-Klaviyo-Req-Id"]
    assert not [name for name in headers if name.lower().startswith("access-control")]


def hold_not_found(answer: Answer) -> None:
    hold_error(answer, 404, "not_found", "Not found.", source={"pointer": "/data/"})
