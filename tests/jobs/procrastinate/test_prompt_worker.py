"""The worker that uses private parts of Procrastinate, and the one that does without."""

from __future__ import annotations

import asyncio
from typing import Any

import procrastinate
import pytest
from procrastinate.testing import InMemoryConnector
from procrastinate.worker import Worker

from backroom.jobs.procrastinate import prompt_worker
from backroom.jobs.procrastinate.prompt_worker import PromptWorker, best_worker
from support.factories import DEADLINE

NEVER = 3600.0


class WithoutMethod(Worker):
    _process_job: Any = None


class WithOtherArguments(Worker):
    async def _handle_notification(self, text: str) -> None:  # type: ignore[override]
        """Take one text, as no version does yet."""


class WithoutEvent(Worker):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        del self._new_job_event


def test_installed_library_has_the_parts() -> None:
    missing = prompt_worker.private_parts_missing(Worker)
    assert missing == [], (
        f"Procrastinate {procrastinate.__version__} has changed what PromptWorker relies on."
        " Workers poll with it, which is correct but slower. See the list at the beginning of"
        " jobs/procrastinate/prompt_worker.py."
    )
    assert best_worker() is PromptWorker


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (WithoutMethod, "no coroutine _process_job"),
        (WithOtherArguments, "_handle_notification takes other arguments"),
        (WithoutEvent, "no event _new_job_event"),
    ],
)
def test_changed_library_is_used_plainly(
    changed: type[Worker], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert best_worker(changed) is changed
    assert [words in each.getMessage() for each in caplog.records] == [True]


def test_plain_workers_poll_more_often() -> None:
    assert prompt_worker.poll_seconds(Worker) < prompt_worker.poll_seconds(PromptWorker)


class Running:
    """A worker that never polls, and stops after two tasks."""

    def __init__(self) -> None:
        self.app = procrastinate.App(connector=InMemoryConnector())
        self.worker = PromptWorker(
            self.app, concurrency=2, fetch_job_polling_interval=NEVER, install_signal_handlers=False
        )
        self.ended: list[int] = []
        self._fetch = self.app.job_manager.fetch_job
        self.app.job_manager.fetch_job = self._fetch_and_say  # type: ignore[method-assign,assignment]

    async def on_nothing(self) -> None:
        """Do what a test wants after a fetch that has found nothing."""

    async def _fetch_and_say(self, **arguments: Any) -> Any:
        fetched = await self._fetch(**arguments)
        if fetched is None:
            await self.on_nothing()
        return fetched

    async def task(self, number: int) -> None:
        self.ended.append(number)
        if len(self.ended) == 2:
            self.worker.stop()  # type: ignore[no-untyped-call]

    def run(self) -> list[int]:
        """Give the tasks in the order in which they ended."""

        async def within_deadline() -> None:
            async with asyncio.timeout(DEADLINE), self.app.open_async():
                await self.worker.run()  # type: ignore[no-untyped-call]

        asyncio.run(within_deadline())
        return self.ended


def test_locked_task_starts_when_free() -> None:
    running = Running()
    looked = asyncio.Event()

    async def end(number: int) -> None:
        await looked.wait()
        await running.task(number)

    async def let_it_end() -> None:
        looked.set()

    running.on_nothing = let_it_end  # type: ignore[method-assign]
    task = running.app.task(name="task", lock="same")(end)
    task.defer(number=1)
    task.defer(number=2)
    assert running.run() == [1, 2]


def test_notification_during_a_fetch_counts() -> None:
    running = Running()
    task = running.app.task(name="task")(running.task)
    late = iter([2])

    async def come_late() -> None:
        for number in late:
            await task.defer_async(number=number)

    running.on_nothing = come_late  # type: ignore[method-assign]
    task.defer(number=1)
    assert running.run() == [1, 2]


def test_plain_workers_are_not_woken() -> None:
    prompt_worker.wake(Worker(Running().app))
