"""Who applies jobs, as the overview shows it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import Control
from backroom.dashboard import workers
from backroom.dashboard.live import LiveParts
from backroom.dashboard.page import Dashboard
from backroom.dashboard.sessions import Sessions
from backroom.dashboard.traffic import Traffic
from backroom.dashboard.workers import ShownWorker
from backroom.jobs.next_job import NextJob
from backroom.jobs.procrastinate import schema
from backroom.settings import Settings
from backroom.store import open_database
from support.factories import ACCOUNT, a_creation, a_kind_of_job, submitted, written

if TYPE_CHECKING:
    from backroom.store.database import Database

ITEMS = a_kind_of_job("item", "create")


def shown(database: Database, next_job: NextJob | None = None) -> list[ShownWorker]:
    parts: dict[str, Any] = {"state": lambda: "here"}
    if next_job is not None:
        parts["turns"] = next_job.turns
    control = Control(database, Settings(), parts)
    sessions = Sessions("token", "/", secure=False)
    dashboard = Dashboard(control, sessions, Traffic(), LiveParts())
    found: list[ShownWorker] = workers.shown_workers(dashboard)["workers"]
    return found


def test_embedded_worker_says_what_it_is_at() -> None:
    with closing(open_database(None)) as database:
        job = submitted(database, ITEMS, a_creation("item", "a"))
        seen: list[ShownWorker] = []

        def look(step: str) -> None:
            if step == "rows_written":
                seen.extend(shown(database, next_job))

        next_job = NextJob(database, on_step=look)
        assert shown(database, next_job)[0].at_work == []
        next_job.apply(lambda _: ACCOUNT)
        assert [each.job_id for each in seen[0].at_work] == [job.job_id]
        assert seen[0].at_work[0].words == "create items"
        assert shown(database, next_job)[0].at_work == []


def test_queue_workers_are_listed(postgres_url: str) -> None:
    tables = "procrastinate.procrastinate"
    with closing(open_database(postgres_url)) as database:
        assert shown(database) == []
        schema.prepare(database)
        job = submitted(database, ITEMS, a_creation("item", "a"))
        written(
            database,
            lambda tx: tx.script(
                f"insert into {tables}_workers (last_heartbeat) values (now()),"
                " (now() - interval '20 seconds');"
                f" insert into {tables}_jobs"
                " (task_name, queue_name, lock, status, worker_id)"
                f" select 'apply_jobs', 'default', '{ACCOUNT}', 'doing', min(id)"
                f" from {tables}_workers"
            ),
        )
        busy, silent = shown(database)
    assert [each.job_id for each in busy.at_work] == [job.job_id]
    assert (busy.is_silent, silent.is_silent, silent.at_work) == (False, True, [])


@pytest.mark.parametrize(("seconds", "silent"), [(None, False), (1.0, False), (11.0, True)])
def test_silence_is_noticed(seconds: float | None, *, silent: bool) -> None:
    assert ShownWorker("Worker 1", seconds, []).is_silent == silent


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "alive"), (12.0, "silent for 12 s")])
def test_heartbeats_change_no_page(seconds: float, words: str) -> None:
    with closing(open_database(None)) as database:
        sessions = Sessions("token", "/", secure=False)
        dashboard = Dashboard(Control(database, Settings(), {}), sessions, Traffic(), LiveParts())
        html = [
            dashboard.rendered(
                "workers.html",
                workers=[ShownWorker("Worker 1", each, [])],
                more_workers=0,
                processes=[],
            )
            for each in (seconds, seconds + 0.1)
        ]
    assert f">{words}</span>" in html[0]
    assert html[0] == html[1]
