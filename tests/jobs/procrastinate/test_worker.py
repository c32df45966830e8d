"""Jobs on PostgreSQL, through a real server and real `backroom work` processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backroom.jobs.lifecycle import MOST_TRIES
from backroom.jobs.next_job import NextJob
from backroom.jobs.procrastinate.worker import QueueWorker
from backroom.store import keys, open_database
from support.client import NEWEST, Client
from support.engines import workers
from support.factories import ACCOUNT, a_creation, a_kind_of_job, refusing, submitted, written
from support.process import Programs, until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import ServerProgram

pytestmark = pytest.mark.slow

MOMENTS = 1.0
SECONDS = 15.0
"""A worker counts as dead after three seconds; others look every two."""
BACKLOG = 150
MANY = 30
"""More than there are seconds in the deadline: one a second would be too slow."""


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def server(programs: Programs, url: str) -> ServerProgram:
    return programs.serve("--database", url, "--worker", "off")


@pytest.fixture
def items(server: ServerProgram) -> Jobs:
    return Jobs(Client(server.url, server.key), NEWEST, KIND["item-create"])


def attributes(answer: Any) -> Any:
    return answer.json["data"]["attributes"]


def backlog(items: Jobs) -> list[str]:
    """Jobs that take a worker a while."""
    return [
        items.post(*[creation(items, f"{job} {n}") for n in range(50)]).job_id
        for job in range(BACKLOG)
    ]


def complete(items: Jobs, job_id: str) -> bool:
    return bool(attributes(items.get(job_id))["status"] == "complete")


def at_work(url: str) -> bool:
    """Whether a worker has begun with an account, and not ended."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select 1 from procrastinate.procrastinate_jobs"
            " where task_name = 'apply_jobs' and status = 'doing'"
        ).fetchall()
    return bool(rows)


def kill_at_work(url: str, worker: subprocess.Popen[bytes]) -> None:
    """End a worker, as kill -9 does, in the middle of an account."""

    def caught() -> bool:
        worker.send_signal(signal.SIGSTOP)
        if at_work(url):
            return True
        worker.send_signal(signal.SIGCONT)
        return False

    until(caught, "the worker to be at work")
    worker.kill()
    worker.wait()


def test_jobs_start_within_moments(url: str, items: Jobs) -> None:
    with workers(url):
        items.applied(creation(items, "first"))
        seconds = []
        for n in range(5):
            began = time.monotonic()
            assert attributes(items.applied(creation(items, f"{n}")))["completed_count"] == 1
            seconds.append(time.monotonic() - began)
    assert min(seconds) < MOMENTS


def test_jobs_wait_for_a_worker(url: str, items: Jobs) -> None:
    job_id = items.post(creation(items, "a")).job_id
    time.sleep(0.2)
    assert attributes(items.get(job_id))["status"] == "processing"
    with workers(url):
        assert attributes(items.completed(job_id))["completed_count"] == 1


def test_jobs_without_a_task_are_found(url: str, items: Jobs) -> None:
    job_id = items.post(creation(items, "a")).job_id
    in_schema = "-c search_path=procrastinate"
    with psycopg.connect(url, options=in_schema) as connection:
        until(lambda: _forgotten(connection), "the rows of Procrastinate")
    with workers(url):
        assert attributes(items.completed(job_id))["completed_count"] == 1


def _forgotten(connection: psycopg.Connection[Any]) -> bool:
    gone = connection.execute("delete from procrastinate_jobs").rowcount
    connection.commit()
    return gone > 0


def test_first_in_is_first_out(url: str, items: Jobs) -> None:
    updates, deletions = (
        Jobs(items.client, NEWEST, KIND[f"item-{verb}"]) for verb in ("update", "delete")
    )
    with workers(url, "--concurrency", "4"), workers(url, "--concurrency", "4"):
        made = [
            (jobs, jobs.post(operation).job_id)
            for _ in range(10)
            for jobs, operation in (
                (items, creation(items, "a")),
                (updates, updates.named("a")),
                (deletions, deletions.named("a")),
            )
        ]
        ended = [attributes(jobs.completed(job_id)) for jobs, job_id in made]
    assert [each["errors"] for each in ended] == [[]] * len(ended)
    moments = [each["completed_at"] for each in ended]
    assert moments == sorted(moments)


@pytest.mark.slow
def test_killed_workers_account_goes_on(url: str, items: Jobs) -> None:
    # 1. A worker dies in the middle of an account.
    job_ids = backlog(items)
    with workers(url) as first:
        until(lambda: complete(items, job_ids[0]), "the first job")
        kill_at_work(url, first)
    done_before = [job_id for job_id in job_ids if complete(items, job_id)]
    assert len(done_before) < len(job_ids), "the backlog was too short"
    # 2. Another goes on where it was, within seconds.
    with workers(url):
        began = time.monotonic()
        following = job_ids[len(done_before)]
        until(lambda: complete(items, following), "the job that was broken off")
        assert time.monotonic() - began < SECONDS
        ended = [attributes(items.completed(job_id)) for job_id in job_ids]
    # 3. Nothing was done twice, lost or out of turn.
    assert {(each["completed_count"], each["failed_count"]) for each in ended} == {(50, 0)}
    moments = [each["completed_at"] for each in ended]
    assert moments == sorted(moments)


def test_broken_job_delays_only_its_account(url: str, server: ServerProgram, items: Jobs) -> None:
    # 1. A job that can't be applied, and another account with many that can.
    broken = items.post(creation(items, "a")).job_id
    others = jobs_of_another(url, server)
    posted = [others.post(creation(others, f"{n}")).job_id for n in range(MANY)]
    breaking = "update job_operations set operations = %s where job_id = %s returning operations"
    with psycopg.connect(url) as connection:
        connection.execute(breaking, ["nonsense", broken])
    # 2. The others are done in no time, with one account at a time.
    with workers(url, "--concurrency", "1"):
        assert [attributes(others.completed(each))["errors"] for each in posted] == [[]] * MANY
        assert not complete(items, broken)
        # 3. When it is mended, it is tried once more.
        with psycopg.connect(url) as connection:
            connection.execute(breaking, ["[]", broken])
        until(lambda: complete(items, broken), "the job that was mended")


def test_no_job_blocks_its_account(url: str, items: Jobs) -> None:
    # 1. A job that can't be read, and was tried often; one that is refused in part; a good one.
    broken = items.post(creation(items, "a")).job_id
    refused = items.post(creation(items, "b"), creation(items, "c")).job_id
    good = items.post(creation(items, "d")).job_id
    with psycopg.connect(url) as connection:
        connection.execute(
            "update job_operations set operations = 'nonsense', tries = %s where job_id = %s",
            [MOST_TRIES - 1, broken],
        )
    with closing(open_database(url)) as database, refusing(database, "insert", "b"), workers(url):
        # 2. All three come to their ends.
        ended = [attributes(items.completed(each)) for each in (broken, refused, good)]
    counts = [(each["completed_count"], each["failed_count"]) for each in ended]
    assert counts == [(0, 1), (1, 1), (1, 0)]


def test_pausing_account_is_left_alone(url: str) -> None:
    with closing(open_database(url)) as database:
        worker = QueueWorker(database, NextJob(database), 1)
        submitted(database, a_kind_of_job("item", "create"), a_creation("item", "a"))
        written(database, lambda tx: tx.run("update job_operations set operations = 'nonsense'"))
        assert worker._seconds_until_more(ACCOUNT) == 1.0  # noqa: SLF001
        pause = worker._seconds_until_more(ACCOUNT)  # noqa: SLF001
    assert pause is not None
    assert 0.5 < pause < 1.0


def jobs_of_another(url: str, server: ServerProgram) -> Jobs:
    """Jobs of an account of its own."""
    database = open_database(url)
    made = database.write(lambda tx: keys.create(tx, "another", "test", [])).result()
    database.close()
    return Jobs(Client(server.url, made.key), NEWEST, KIND["item-create"])


def test_stopped_worker_ends_with_0(url: str, items: Jobs) -> None:
    with workers(url) as worker:
        items.applied(creation(items, "a"))
        worker.terminate()
        assert worker.wait(20) == 0


def test_tasks_of_earlier_versions_are_known(url: str) -> None:
    with closing(open_database(url)) as database:
        tasks = QueueWorker(database, NextJob(database), 1).app.tasks
    assert tasks["drain"] is tasks["apply_jobs"]


PLAIN = """
import sys
from procrastinate.worker import Worker
from backroom.jobs.next_job import NextJob
from backroom.jobs.procrastinate import schema
from backroom.jobs.procrastinate.worker import QueueWorker
from backroom.store import open_database

database = open_database(sys.argv[1])
schema.prepare(database)
QueueWorker(database, NextJob(database), 2, Worker).run()
database.close()
"""
"""A worker that uses no private parts of Procrastinate, as one of an unknown version is used."""


@contextmanager
def plain_worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", PLAIN, url])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def test_plain_worker_applies_jobs(url: str, items: Jobs) -> None:
    with plain_worker(url) as worker:
        made = [items.post(creation(items, f"{n}")).job_id for n in range(MANY)]
        ended = [attributes(items.completed(job_id)) for job_id in made]
        assert {each["completed_count"] for each in ended} == {1}
        worker.terminate()
        assert worker.wait(20) == 0


@pytest.mark.slow
def test_plain_worker_frees_lost_accounts(url: str, items: Jobs) -> None:
    """The end of a task could not be written: its account would stay locked for ever."""
    with plain_worker(url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set search_path to procrastinate")
        items.applied(creation(items, "first"))
        account = items.client.key.split("_")[1]
        until(lambda: not at_work(url), "the end of the first task")
        connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, lock, status, worker_id)"
            " select 'default', 'apply_jobs', %s, 'doing', max(id) from procrastinate_workers",
            [account],
        )
        items.completed(items.post(creation(items, "second")).job_id)
