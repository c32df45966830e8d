"""What the service does for an admitted request, and the headers of every answer."""

from __future__ import annotations

from api.limited import ALWAYS, BODY, PATH, RATES, headers_of
from backroom.jobs.lifecycle import MOST_IN_PROGRESS
from support.factories import (
    Site,
    a_job,
    all_stored,
    stored,
)


def test_answers_carry_all_headers(site: Site) -> None:
    answered = site.get(PATH)
    assert answered.status == 200
    assert answered.headers.keys() >= ALWAYS
    # The newest revision retires too, a year after its day.
    found = headers_of(answered) - {"x-klaviyo-api-retirement-date"}
    assert found == {"allow", "cid", "x-klaviyo-api-revision", *RATES}
    assert answered.headers["content-type"] == "application/vnd.api+json"
    assert answered.headers["cid"] == site.account


def test_request_id_is_the_errors(site: Site) -> None:
    answered = site.get(PATH, "x=1")
    assert answered.headers["x-klaviyo-req-id"] == answered.error["id"]


def test_500_jobs_are_throttled(site: Site) -> None:
    row = a_job()
    rows = [row._replace(job_id=f"{row.job_id[:-3]}{n:03}") for n in range(MOST_IN_PROGRESS)]
    all_stored(site.database, rows, site.account)
    answered = site.post(PATH, BODY)
    assert (answered.status, answered.error["code"]) == (429, "throttled")
    assert answered.headers["retry-after"] == "1"
    assert not RATES & set(answered.headers)


def test_other_jobs_wait_their_turn(site: Site) -> None:
    stored(site.database, a_job(), account="other")
    assert site.get(PATH).json["data"] == []
