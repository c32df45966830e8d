"""The order in which a real server applies jobs, and the states that clients see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.client import NEWEST, Client
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from support.process import Programs

BACKLOG = 300


def jobs_of(url: str, key: str) -> Jobs:
    return Jobs(Client(url, key), NEWEST, KIND["item-create"])


def attributes(jobs: Jobs, job_id: str) -> Any:
    return jobs.get(job_id).json["data"]["attributes"]


def key_of(programs: Programs, account: str) -> str:
    made = programs.run("keys", "create", "--name", account, "--account", account)
    return made.output.strip()


@pytest.mark.slow
def test_accounts_are_served_in_turn(programs: Programs) -> None:
    # 1. One account has hundreds of jobs waiting, two others come later with one each.
    busy, *others = [key_of(programs, account) for account in ("busy", "late", "later")]
    server = programs.serve("--job-delay", "3600")
    jobs = jobs_of(server.url, busy)
    backlog = [jobs.post(creation(jobs, f"{number}")).job_id for number in range(BACKLOG)]
    singles = [
        (each := jobs_of(server.url, key)).post(creation(each, "a")).job_id for key in others
    ]
    server.stop()
    # 2. All of them may start at the same moment.
    server = programs.serve()
    jobs = jobs_of(server.url, busy)
    ends = [jobs.completed(job_id).json["data"]["attributes"] for job_id in backlog]
    # 3. Nobody waited for more than one job of each other account.
    third = ends[2]["completed_at"]
    for key, job_id in zip(others, singles, strict=True):
        assert attributes(jobs_of(server.url, key), job_id)["completed_at"] < third
    # 4. Within the account the order is that of creation.
    assert [each["created_at"] for each in ends] == sorted(each["created_at"] for each in ends)
    assert [each["completed_at"] for each in ends] == sorted(each["completed_at"] for each in ends)


@pytest.mark.slow
def test_late_job_overtakes_running_backlog(programs: Programs) -> None:
    # 1. The backlog is being applied when another account posts its job.
    busy, late = key_of(programs, "busy"), key_of(programs, "late")
    server = programs.serve("--job-delay", "3600")
    jobs = jobs_of(server.url, busy)
    operations = [creation(jobs, f"a{number}") for number in range(100)]
    backlog = [jobs.post(*operations).job_id for _ in range(BACKLOG)]
    server.stop()
    server = programs.serve()
    jobs, single = jobs_of(server.url, busy), jobs_of(server.url, late)
    ended = single.applied(creation(single, "b")).json["data"]["attributes"]["completed_at"]
    # 2. It is complete long before the backlog is.
    last = jobs.completed(backlog[-1]).json["data"]["attributes"]["completed_at"]
    assert ended < last


def test_queued_jobs_become_complete(programs: Programs) -> None:
    server = programs.serve("--job-delay", "0.3", BACKROOM_SHOW_QUEUED="1")
    jobs = jobs_of(server.url, server.key)
    accepted = jobs.post(creation(jobs, "a"))
    assert accepted.json["data"]["attributes"]["status"] == "queued"
    assert attributes(jobs, accepted.job_id)["status"] == "queued"
    assert jobs.completed(accepted.job_id).json["data"]["attributes"]["completed_count"] == 1


@pytest.mark.slow
def test_all_three_states_are_seen(programs: Programs) -> None:
    server = programs.serve("--show-queued", "--job-delay", "0.1")
    jobs = jobs_of(server.url, server.key)
    many = [creation(jobs, f"{number}") for number in range(100)]
    seen: list[str] = []

    def every_state_seen() -> bool:
        job_id = jobs.post(*many).job_id
        seen[:] = []
        while "complete" not in seen:
            status = attributes(jobs, job_id)["status"]
            seen.extend([status] if status not in seen[-1:] else [])
        return len(seen) == 3

    until(every_state_seen, "a job to be seen in every state")
    assert seen == ["queued", "processing", "complete"]


def test_queued_is_not_the_default(programs: Programs) -> None:
    server = programs.serve("--job-delay", "3600")
    jobs = jobs_of(server.url, server.key)
    accepted = jobs.post(creation(jobs, "a"))
    assert attributes(jobs, accepted.job_id)["status"] == "processing"
