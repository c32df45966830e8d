from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backroom import clock
from backroom.catalog.drafts import encode
from backroom.store import job_requests, jobs
from backroom.store.jobs import JobQuestion, NewJob
from support.factories import (
    ACCOUNT,
    a_complete_job,
    a_creation,
    a_job,
    found,
    stored,
    stored_now,
    written,
)

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.jobs import Job

HOUR = timedelta(hours=1)
TYPE = "catalog-item-bulk-create-job"
OTHER_TYPE = "catalog-item-bulk-delete-job"
EVER = "9999"


def some_jobs(database: Database, count: int) -> list[Job]:
    """Jobs an hour apart, the oldest first."""
    return [stored(database, a_job(HOUR * (count - n))) for n in range(count)]


def page(database: Database, account: str = ACCOUNT, **asked: object) -> list[str]:
    given: dict[str, Any] = {
        "type": TYPE,
        "status": None,
        "least": "",
        "border": None,
        "ascending": False,
        "size": 10,
    }
    with database.read() as tx:
        rows = jobs.jobs_page(tx, account, JobQuestion(**(given | asked)), ("job_id",))
    return [job_id.decode() for (job_id,) in rows]


def operations(database: Database) -> int:
    with database.read() as tx:
        return len(tx.all("select 1 from job_operations"))


def test_inserted_job_is_found(database: Database) -> None:
    job = stored(database, a_job(total_count=3), a_creation("item", "a"))
    assert found(database, job) == job


@pytest.mark.parametrize(
    ("account", "job_type", "least"),
    [("other", TYPE, ""), (ACCOUNT, OTHER_TYPE, ""), (ACCOUNT, TYPE, "8")],
)
def test_others_jobs_are_not_found(
    database: Database, account: str, job_type: str, least: str
) -> None:
    job = stored(database, a_job())
    question = JobQuestion(job_type, least, job_id=job.job_id)
    with database.read() as tx:
        assert jobs.jobs_page(tx, account, question, ("job_id",)) == []


def by_database(database: Database, new: NewJob, most: int) -> str | None:
    """Accept as a server does, which is one statement on PostgreSQL."""

    async def accept() -> str | None:
        return await database.accept(new, most)

    return asyncio.run(accept())


def by_statements(database: Database, new: NewJob, most: int) -> str | None:
    """Accept by the statements that SQLite runs, one by one."""
    return written(database, lambda tx: jobs.accept(tx, new, most))


each_way = pytest.mark.parametrize("accept", [by_database, by_statements])
Accept = Callable[["Database", NewJob, int], str | None]


@each_way
def test_accepted_job_keeps_its_id(database: Database, accept: Accept) -> None:
    new = NewJob(ACCOUNT, a_job(), "[]")
    assert accept(database, new, 1) == new.job.job_id
    assert found(database, new.job) == new.job


@each_way
def test_accepted_job_follows_a_later_one(database: Database, accept: Accept) -> None:
    later = stored(database, a_job(-HOUR))
    job_id = accept(database, NewJob(ACCOUNT, a_job(), "[]"), 2)
    assert job_id is not None
    assert job_id > later.job_id


@each_way
def test_no_more_than_the_most_are_accepted(database: Database, accept: Accept) -> None:
    stored(database, a_job())
    assert accept(database, NewJob(ACCOUNT, a_job(), "[]"), 1) is None
    assert accept(database, NewJob("other", a_job(), "[]"), 1) is not None


def test_jobs_are_counted_until_complete(database: Database) -> None:
    first, second = some_jobs(database, 2)
    stored(database, a_job(), account="other")
    with database.read() as tx:
        assert jobs.standing(tx, ACCOUNT) == (2, max(first.job_id, second.job_id))
        assert jobs.standing(tx, "nobody") == (0, "")
    ended = first._replace(status="complete", completed_at="now")
    assert written(database, lambda tx: jobs.complete(tx, ACCOUNT, ended))
    with database.read() as tx:
        assert jobs.standing(tx, ACCOUNT)[0] == 1


def test_pages_go_newest_first(database: Database) -> None:
    ids = [job.job_id for job in some_jobs(database, 4)]
    assert page(database) == ids[::-1]
    assert page(database, size=2) == [ids[3], ids[2]]
    assert page(database, border=ids[2]) == [ids[1], ids[0]]


def test_pages_go_back_oldest_first(database: Database) -> None:
    ids = [job.job_id for job in some_jobs(database, 4)]
    assert page(database, border=ids[1], ascending=True) == [ids[2], ids[3]]
    assert page(database, ascending=True, size=1) == [ids[0]]


def test_pages_hold_one_type(database: Database) -> None:
    (job,) = some_jobs(database, 1)
    other = stored(database, a_job(type=OTHER_TYPE, job_id=job.job_id[:-1] + "Z"))
    stored(database, a_job(), account="other")
    assert page(database) == [job.job_id]
    assert page(database, type=OTHER_TYPE) == [other.job_id]


def test_pages_hold_one_status(database: Database) -> None:
    stored(database, a_job(HOUR))
    complete = stored(database, a_complete_job())
    assert page(database, status="complete") == [complete.job_id]
    assert page(database, status="cancelled") == []


def test_pages_leave_out_the_expired(database: Database) -> None:
    ids = [job.job_id for job in some_jobs(database, 3)]
    assert page(database, least=ids[1]) == [ids[2], ids[1]]


def test_accounts_come_in_turn(database: Database) -> None:
    for account in ("b", "a", "c"):
        stored(database, a_job(HOUR), account=account)
    due = a_job().created_at
    with database.read() as tx:
        turns = [jobs.next_account(tx, after, due) for after in ("", "a", "b", "c", "x")]
    assert turns == ["a", "b", "c", "a", "a"]


def test_accounts_without_due_jobs_wait(database: Database) -> None:
    stored(database, a_job(), account="a")
    stored(database, a_job(HOUR * 2), account="b")
    stored(database, a_complete_job(HOUR * 2), account="c")
    with database.read() as tx:
        assert jobs.next_account(tx, "", a_job(HOUR).created_at) == "b"
        assert jobs.next_account(tx, "", a_job(HOUR * 3).created_at) is None


def test_oldest_job_waits_first(database: Database) -> None:
    draft = a_creation("item", "a")
    older = stored(database, a_job(HOUR), draft)
    stored(database, a_job())
    stored(database, a_complete_job(HOUR * 2))
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, EVER)
        assert jobs.first_waiting(tx, "other", EVER) is None
        assert jobs.first_waiting(tx, ACCOUNT, older.created_at) == waiting
        assert jobs.first_waiting(tx, ACCOUNT, a_job(HOUR * 2).created_at) is None
    assert waiting == (ACCOUNT, older.job_id, TYPE, "processing", encode([draft]), 1, 0, None)


def test_earliest_creation_is_known(database: Database) -> None:
    with database.read() as tx:
        assert jobs.earliest_created(tx) is None
    stored(database, a_complete_job(HOUR * 3))
    older = stored(database, a_job(HOUR), account="b")
    stored(database, a_job(), account="a")
    with database.read() as tx:
        assert jobs.earliest_created(tx) == older.created_at
        assert jobs.earliest_created_of(tx, "b") == older.created_at
        assert str(jobs.earliest_created_of(tx, "a")) > older.created_at
        assert jobs.earliest_created_of(tx, ACCOUNT) is None


def test_accounts_in_progress_are_known(database: Database) -> None:
    for account in ("a", "b", "b"):
        stored(database, a_job(HOUR, job_id=f"{account}{clock.new_uuid()}"), account=account)
    stored(database, a_job(), account="young")
    stored(database, a_complete_job(HOUR * 2), account="done")
    with database.read() as tx:
        assert sorted(jobs.accounts_in_progress(tx, a_job(HOUR / 2).created_at)) == ["a", "b"]
        assert jobs.accounts_in_progress(tx, a_job(HOUR * 2).created_at) == []


@pytest.mark.parametrize(("status", "after"), [("queued", "processing"), ("complete", "complete")])
def test_begin_names_where_from(database: Database, status: str, after: str) -> None:
    job = stored(database, a_job(status=status))
    written(database, lambda tx: jobs.begin(tx, ACCOUNT, job.job_id, "queued", "processing"))
    assert found(database, job).status == after


def test_completion_is_written_once(database: Database) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    ended = job._replace(
        status="complete",
        completed_at="now",
        completed_count=1,
        failed_count=2,
        errors="[1]",
        linkage="[2]",
    )
    assert written(database, lambda tx: jobs.complete(tx, ACCOUNT, ended))
    assert found(database, job) == ended
    assert not written(database, lambda tx: jobs.complete(tx, ACCOUNT, ended._replace(errors="")))
    assert found(database, job) == ended


@pytest.mark.parametrize(("keeps", "left"), [(True, 2), (False, 1)])
def test_completion_may_drop_the_operations(database: Database, *, keeps: bool, left: int) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    stored(database, a_job(HOUR), a_creation("item", "b"))
    ended = job._replace(completed_at="now")
    written(database, lambda tx: jobs.complete(tx, ACCOUNT, ended, keeps=keeps))
    assert operations(database) == left


def test_shown_counts_leave_the_operations(database: Database) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    written(database, lambda tx: jobs.show_counts(tx, ACCOUNT, job, '{"completed":1}'))
    with database.read() as tx:
        waiting = jobs.waiting(tx, ACCOUNT, job.job_id)
        sent = job_requests.sent_operations(tx, ACCOUNT, job.job_id)
    assert waiting is not None
    assert waiting.operations == '{"completed":1}'
    assert '"external_id":"a"' in str(sent)


def test_only_complete_jobs_expire(database: Database) -> None:
    old = stored(database, a_complete_job(HOUR * 3))
    running = stored(database, a_job(HOUR * 2))
    border = stored(database, a_complete_job(HOUR))
    assert written(database, lambda tx: jobs.expire(tx, ACCOUNT, border.job_id, 10)) == 1
    assert page(database) == [border.job_id, running.job_id]
    assert stored_now(database, old) is None


def test_expiry_goes_in_slices(database: Database) -> None:
    for n in range(5):
        stored(database, a_complete_job(HOUR * (n + 1)))
    least = a_job().job_id
    removed = [written(database, lambda tx: jobs.expire(tx, ACCOUNT, least, 2)) for _ in range(4)]
    assert removed == [2, 2, 1, 0]


def test_expiry_keeps_other_accounts(database: Database) -> None:
    stored(database, a_complete_job(HOUR), account="other")
    least = a_job().job_id
    assert written(database, lambda tx: jobs.expire(tx, ACCOUNT, least, 10)) == 0


def test_jobs_set_aside_do_not_count(database: Database) -> None:
    older, younger = some_jobs(database, 2)
    aside = [older.job_id]
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, EVER, aside)
        assert waiting is not None
        assert waiting.job_id == younger.job_id
        assert jobs.earliest_created(tx, aside) == younger.created_at
        assert jobs.earliest_created_of(tx, ACCOUNT, aside) == younger.created_at
        both = [*aside, younger.job_id]
        assert jobs.next_account(tx, "", EVER, both) is None
        assert jobs.accounts_in_progress(tx, EVER, both) == []


def test_oldest_in_progress_is_known(database: Database) -> None:
    older, _ = some_jobs(database, 2)
    stored(database, a_complete_job(HOUR * 5))
    with database.read() as tx:
        assert jobs.oldest_in_progress(tx) == {ACCOUNT: older.job_id}
