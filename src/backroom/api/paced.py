"""Answers about jobs whose pace a test has set (`jobs/pacing.py`). Event-loop code.

An answer waits until a worker has taken the steps that its request made possible. So a client that
sends the same requests one after the other sees the same answers each time. It waits for some
seconds at most.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from backroom.catalog.operations import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.admission import Admitted
    from backroom.api.request import Answer
    from backroom.jobs.pacing import Pace
    from backroom.store.database import Database
    from backroom.store.jobs import NewJob

_LONGEST_PACED_SECONDS = 5.0


def counting_reads(
    pace: Pace, admitted: Callable[[], Admitted | None], reply: Callable[[Answer], None]
) -> Callable[[Answer], None]:
    """Make a `reply` that tells the pace which job its answer shows."""

    def deliver(answer: Answer) -> None:
        read = admitted()
        if (
            read is None
            or read.operation.shape is not Shape.JOB_GET
            or answer.status != HTTPStatus.OK
        ):
            reply(answer)
            return
        pace.note_read(read.account, read.resource_id)
        waiting = _until_waiting(pace, read.account, read.resource_id)
        waiting.add_done_callback(lambda _: reply(answer))

    return deliver


async def accept_planned(database: Database, pace: Pace, new: NewJob, most: int) -> str | None:
    """Have the database accept a job, as `Database.accept` does, with what is planned for it."""
    job_id: str | None = None
    try:
        job_id = await database.accept(new, most)
    finally:
        pace.accepted(new, job_id)
    return job_id


async def let_go_on(pace: Pace, account: str, job_id: str | None) -> None:
    """Wait until an announced job has ended, or its next step has to wait."""
    if job_id is not None:
        await _until_waiting(pace, account, job_id)


def _until_waiting(pace: Pace, account: str, job_id: str) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not waiting.done():
            waiting.set_result(None)

    def settle_from_anywhere() -> None:
        # The loop may have ended.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle)

    timer = loop.call_later(_LONGEST_PACED_SECONDS, settle)
    waiting.add_done_callback(lambda _: timer.cancel())
    pace.when_waiting(account, job_id, settle_from_anywhere)
    return waiting
