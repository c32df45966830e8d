from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from backroom.api import paced
from backroom.catalog.operations import Shape

if TYPE_CHECKING:
    from collections.abc import Callable


class Held:
    """A pace with one job, whose worker never comes."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, str]] = []
        self.waiters: list[Callable[[], None]] = []

    def note_read(self, account: str, job_id: str) -> None:
        self.reads.append((account, job_id))

    def when_waiting(self, _: str, __: str, then: Callable[[], None]) -> None:
        self.waiters.append(then)


def deliver(pace: Held, shape: Shape | None, status: int = 200) -> list[Any]:
    """Have an answer delivered; give what was replied within a turn of the event loop."""
    replied: list[Any] = []
    admitted = SimpleNamespace(
        operation=SimpleNamespace(shape=shape), account="shop", resource_id="job"
    )
    read = None if shape is None else admitted
    answer = cast("Any", SimpleNamespace(status=status))
    reply = paced.counting_reads(cast("Any", pace), lambda: cast("Any", read), replied.append)
    reply(answer)
    return replied


@pytest.mark.parametrize(
    ("shape", "status"), [(None, 401), (Shape.JOB_LIST, 200), (Shape.JOB_GET, 404)]
)
def test_other_answers_count_as_no_read(shape: Shape | None, status: int) -> None:
    pace = Held()
    assert len(deliver(pace, shape, status)) == 1
    assert pace.reads == []


def test_answer_waits_for_the_worker() -> None:
    async def replies() -> tuple[int, int]:
        pace = Held()
        replied = deliver(pace, Shape.JOB_GET)
        before = len(replied)
        assert pace.reads == [("shop", "job")]
        pace.waiters[0]()
        # A turn of the loop for each: to settle, to reply, and to come back here.
        for _ in range(3):
            await asyncio.sleep(0)
        return before, len(replied)

    assert asyncio.run(replies()) == (0, 1)


def test_answer_waits_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced, "_LONGEST_PACED_SECONDS", 0.0)

    async def goes_on() -> None:
        await paced.let_go_on(cast("Any", Held()), "shop", "job")

    asyncio.run(asyncio.wait_for(goes_on(), 10))
