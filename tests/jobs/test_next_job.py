"""One account's next job, to its end."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import psycopg
import pytest

from backroom.catalog.kinds import Verb
from backroom.jobs.lifecycle import DEATH_TRIES, MOST_TRIES, Status, pause_seconds
from backroom.jobs.next_job import STEPS, NextJob, NotApplied
from backroom.store import jobs, open_database
from backroom.store.database import StoreUnavailable, WriteRefused, WriteTooSlow
from backroom.store.postgresql import connections
from support.factories import (
    ACCOUNT,
    DEADLINE,
    REFUSAL,
    Refusal,
    a_creation,
    a_deletion,
    a_job,
    a_kind_of_job,
    an_update,
    done,
    found,
    refusing,
    refusing_rows,
    stored,
    submitted,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.drafts import Draft
    from backroom.store.database import Database, Transaction

ITEMS = a_kind_of_job("item", "create")
HOUR = timedelta(hours=1)


def shop(_: Transaction) -> str:
    return ACCOUNT


def test_without_jobs_nothing_is_done(database: Database) -> None:
    next_job = NextJob(database)
    assert not next_job.apply(shop)
    assert not next_job.apply(lambda _: None)


def test_jobs_are_applied_oldest_first(database: Database) -> None:
    first, second = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    next_job = NextJob(database)
    assert next_job.apply(shop)
    assert (found(database, first).status, found(database, second).status) == (
        "complete",
        "processing",
    )
    assert next_job.apply(shop)
    assert found(database, second).completed_count == 1
    assert not next_job.apply(shop)


def test_only_the_chosen_account_is_served(database: Database) -> None:
    others = submitted(database, ITEMS, a_creation("item", "a"), account="other")
    assert not NextJob(database).apply(shop)
    assert found(database, others, "other").status == "processing"


def test_steps_are_the_named_ones(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"), status=Status.QUEUED)
    steps: list[str] = []
    assert NextJob(database, show_queued=True, on_step=steps.append).apply(shop)
    assert tuple(steps) == STEPS


def test_committed_follows_the_commit(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    seen: dict[str, str] = {}

    def look(step: str) -> None:
        seen[step] = found(database, job).status

    NextJob(database, on_step=look).apply(shop)
    assert seen.pop("committed") == "complete"
    assert set(seen.values()) == {"processing"}


@pytest.mark.parametrize("step", STEPS[1:-1])
def test_broken_off_job_is_undone(database: Database, step: str) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))

    def fail(taken: str) -> None:
        if taken == step:
            raise InterruptedError

    with pytest.raises(NotApplied):
        NextJob(database, on_step=fail).apply(shop)
    assert found(database, job) == job
    assert NextJob(database).apply(shop)
    assert found(database, job).completed_count == 1


@pytest.mark.parametrize(
    ("verb", "event"), [("create", "insert"), ("update", "update"), ("delete", "delete")]
)
def test_refused_operation_fails_alone(
    database: Database, verb: str, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    makes: dict[str, Callable[[str], Draft]] = {
        "create": partial(a_creation, "item"),
        "update": an_update,
        "delete": a_deletion,
    }
    make = makes[verb]
    if verb != "create":
        done(database, Verb.CREATE, "item", *(a_creation("item", name) for name in "abc"))
    job = submitted(database, a_kind_of_job("item", verb), *(make(name) for name in "abc"))
    with refusing(database, event, "b"):
        assert NextJob(database).apply(shop)
    ended = found(database, job)
    assert (ended.status, ended.completed_count, ended.failed_count) == ("complete", 2, 1)
    (error,) = msgspec.json.decode(ended.errors)
    assert "b" in next(iter(error["meta"].values()))
    assert error["detail"] == "A server error occurred."
    assert error["source"] == {"pointer": "/data/attributes/items/data"}
    (logged,) = [each for each in caplog.records if each.name.startswith("backroom")]
    assert job.job_id in logged.getMessage()
    assert logged.exc_info is not None
    assert "refused by a trigger" in str(logged.exc_info[1])


def test_impossible_value_fails_alone(database: Database) -> None:
    impossible = a_creation("item", "b", published=["neither"])
    job = submitted(database, ITEMS, a_creation("item", "a"), impossible, a_creation("item", "c"))
    assert NextJob(database).apply(shop)
    assert found(database, job).completed_count == 2


def test_broken_job_is_given_up(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    broken = submitted(database, ITEMS, a_creation("item", "a"), a_creation("item", "b"))
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    following = submitted(database, ITEMS, a_creation("item", "c"))
    pauses = []
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(NotApplied) as failure:
            NextJob(database).apply(shop)
        pauses.append(failure.value.pause)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert found(database, broken) == broken
    assert NextJob(database).apply(shop)
    ended = found(database, broken)
    assert (ended.status, ended.failed_count) == ("complete", 2)
    assert len(msgspec.json.decode(ended.errors)) == 2
    (logged,) = [each for each in caplog.records if each.exc_info]
    assert broken.job_id in logged.getMessage()
    assert NextJob(database).apply(shop)
    assert found(database, following).completed_count == 1


def test_given_up_job_names_its_operations(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    written(database, lambda tx: tx.run(f"update job_operations set tries = {MOST_TRIES - 1}"))

    def fail(step: str) -> None:
        if step == "claimed":
            raise InterruptedError

    assert NextJob(database, on_step=fail).apply(shop)
    (error,) = msgspec.json.decode(found(database, job).errors)
    assert error["meta"] == {"external_id": "a"}


@pytest.mark.parametrize(
    ("failure", "tries"),
    [(StoreUnavailable("away"), 0), (WriteRefused("no"), 1), (WriteTooSlow("slow"), 1)],
)
def test_database_away_is_no_try(database: Database, failure: Exception, tries: int) -> None:
    submitted(database, ITEMS, a_creation("item", "a"))

    def fail(step: str) -> None:
        if step == "rows_written":
            raise failure

    with pytest.raises((StoreUnavailable, NotApplied)):
        NextJob(database, on_step=fail).apply(shop)
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
    assert waiting is not None
    assert waiting.tries == tries


ENDINGS = {
    "terminate": "perform pg_terminate_backend(pg_backend_pid())",
    "slow": "perform pg_sleep(60)",
    **{
        code: f"raise exception using errcode = '{code}'"
        for code in ("40001", "40P01", "55P03", "08006", "53300", "53100", "25006", "57P01")
    },
}
"""What a trigger does that looks like a database in a bad state."""


def tried_often(database: Database) -> None:
    """Try a job until its last try is the next."""
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(NotApplied):
            NextJob(database).apply(shop)


@pytest.mark.parametrize("ending", ENDINGS)
def test_operation_that_ends_transaction_fails_alone(
    database: Database, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backroom.store.postgresql.database.WRITE_SECONDS", 0.5)
    job = submitted(database, ITEMS, *(a_creation("item", name) for name in "abc"))
    with refusing(database, "insert", "b", Refusal("rollback", ENDINGS[ending])):
        tried_often(database)
        assert found(database, job) == job
        assert NextJob(database).apply(shop)
    ended = found(database, job)
    assert (ended.status, ended.completed_count, ended.failed_count) == ("complete", 2, 1)
    (error,) = msgspec.json.decode(ended.errors)
    assert error["meta"] == {"external_id": "b"}


def test_locked_catalog_is_no_try(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SESSION_SETTINGS", "set lock_timeout = '200ms'")
    with (
        closing(open_database(postgres_url)) as database,
        psycopg.connect(postgres_url) as other,
    ):
        submitted(database, ITEMS, a_creation("item", "a"))
        other.execute("lock table items in access exclusive mode")
        with pytest.raises(StoreUnavailable):
            NextJob(database).apply(shop)
        assert waiting_now(database).tries == 0


def waiting_now(database: Database) -> jobs.Waiting:
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
    assert waiting is not None
    return waiting


@pytest.mark.parametrize("code", [None, "40001", "53100"])
def test_job_without_end_is_set_aside(
    database: Database, code: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    job, following = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    how = Refusal("abort", ENDINGS[code]) if code else REFUSAL
    next_job = NextJob(database)
    with refusing_rows(database, "update on jobs", f"new.job_id = '{job.job_id}'", how):
        tried_often(database)
        # Where it may be an outage, nothing is set aside before it has happened again and again.
        doubtful = code is not None and database.dialect.name == "postgres"
        for _ in range(MOST_TRIES - 1 if doubtful else 0):
            with pytest.raises(StoreUnavailable):
                next_job.apply(shop)
            assert next_job.turns.aside.ids() == []
        with pytest.raises(NotApplied) as failure:
            next_job.apply(shop)
        assert failure.value.pause == 0
        assert next_job.apply(shop)
        assert not next_job.apply(shop)
    assert (found(database, job), found(database, following).completed_count) == (job, 1)
    (logged,) = [each for each in caplog.messages if "set aside for 1 seconds" in each]
    assert job.job_id in logged
    # Another worker knows nothing of it.
    assert NextJob(database).apply(shop)
    assert found(database, job).completed_count == 1


def test_uncounted_job_is_set_aside(database: Database) -> None:
    job, following = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    written(
        database,
        lambda tx: tx.run(
            "update job_operations set operations = 'broken' where job_id = :job_id",
            job_id=job.job_id,
        ),
    )
    next_job = NextJob(database)
    with refusing_rows(database, "update on job_operations", "true"):
        with pytest.raises(NotApplied):
            next_job.apply(shop)
        assert next_job.apply(shop)
    assert found(database, following).completed_count == 1


def test_job_of_unknown_type_waits(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    newer = stored(database, a_job(HOUR, type="catalog-price-bulk-create-job"))
    following = submitted(database, ITEMS, a_creation("item", "b"))
    next_job = NextJob(database)
    with pytest.raises(NotApplied):
        next_job.apply(shop)
    assert next_job.apply(shop)
    assert found(database, following).completed_count == 1
    assert found(database, newer) == newer
    (logged,) = caplog.messages
    assert newer.job_id in logged
    assert "'catalog-price-bulk-create-job' is unknown here" in logged


def test_job_without_operations_ends(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"), a_creation("item", "b"))
    written(database, lambda tx: tx.run("delete from job_operations"))
    assert NextJob(database).apply(shop)
    assert (found(database, job).status, found(database, job).failed_count) == ("complete", 2)


def begun(database: Database, tries: int) -> NextJob:
    """What finds a job that a worker may have begun which has died."""
    written(database, lambda tx: tx.run(f"update job_operations set tries = {tries}"))
    next_job = NextJob(database)
    next_job.deaths.look(database)
    return next_job


def test_begun_job_is_counted_before(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"))
    next_job = begun(database, 0)
    seen: list[int] = []

    def look(step: str) -> None:
        if step == "claimed":
            seen.append(waiting_now(database).tries)

    next_job._on_step = look  # noqa: SLF001
    assert next_job.apply(shop)
    assert seen == [DEATH_TRIES]


def test_failure_of_begun_job_counts_once(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"))
    next_job = begun(database, 0)
    written(database, lambda tx: tx.run("update job_operations set operations = 'broken'"))
    for tries in (1, 2):
        with pytest.raises(NotApplied):
            next_job.apply(shop)
        assert waiting_now(database).tries == tries


def test_second_death_pauses_first(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    next_job = begun(database, DEATH_TRIES)
    with pytest.raises(NotApplied) as failure:
        next_job.apply(shop)
    assert failure.value.pause == pause_seconds(DEATH_TRIES)
    assert waiting_now(database).tries == DEATH_TRIES
    assert next_job.apply(shop)
    assert found(database, job).completed_count == 1


def test_third_death_gives_job_up(database: Database) -> None:
    job, following = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    next_job = begun(database, 2 * DEATH_TRIES)
    assert next_job.apply(shop)
    assert found(database, job).failed_count == 1
    assert next_job.apply(shop)
    assert found(database, following).completed_count == 1


def test_two_at_one_account_apply_jobs_once(database: Database) -> None:
    made = [submitted(database, ITEMS, a_creation("item", f"{n}")) for n in range(10)]
    applied: list[bool] = []

    def apply_all() -> None:
        mine = NextJob(database)
        while mine.apply(shop):
            applied.append(True)

    threads = [threading.Thread(target=apply_all) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(DEADLINE)
    ended = [found(database, job) for job in made]
    assert len(applied) == len(made)
    assert {(each.completed_count, each.failed_count) for each in ended} == {(1, 0)}
    moments = [str(each.completed_at) for each in ended]
    assert moments == sorted(moments)
