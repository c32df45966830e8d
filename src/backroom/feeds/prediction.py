"""How long a push will take. Its requests are counted in the windows of their operations.

The same windows say when a real request may go (`pacing.py`). So the prediction is wrong only where
a request or a job takes more or less time than those that were measured.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backroom.catalog.kinds import JobKind, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backroom.catalog.kinds import Kind
    from backroom.feeds.measures import Measures
    from backroom.feeds.pacing import Pacer


@dataclass(frozen=True)
class Phase:
    """The jobs that a push sends of one kind, before it waits for all of them."""

    kind: Kind
    jobs: Mapping[Verb, int]

    @property
    def operations(self) -> Iterator[str]:
        """Name the operations of its requests in order. Jobs of two verbs take turns."""
        posts = {
            f"POST /api/{JobKind(self.kind, verb).collection}": number
            for verb, number in self.jobs.items()
            if number
        }
        most = max(posts.values(), default=0)
        owed = dict.fromkeys(posts, 0)
        for _ in range(most):
            for operation, number in posts.items():
                owed[operation] += number
                if owed[operation] >= most:
                    owed[operation] -= most
                    yield operation


@dataclass(frozen=True)
class PredictedSender:
    """How a push sends: its windows, what it has measured, how many jobs it has at a time."""

    pacer: Pacer
    measures: Measures
    most: int
    running: int = 0
    """Jobs that are under way."""


def predicted_seconds(phases: Sequence[Phase], sender: PredictedSender, now: float) -> float:
    """Give how many seconds the jobs of `phases` take from `now` on."""
    measures = sender.measures
    moment = now
    under_way = now + sender.running * measures.job
    windows = {}
    for phase in phases:
        complete = max(moment, under_way)
        running: deque[float] = deque()
        for operation in phase.operations:
            if operation not in windows:
                windows[operation] = sender.pacer.windows(operation).copy()
            moment = windows[operation].earliest(moment) + measures.turn
            windows[operation].count(moment)
            complete = max(moment + measures.shortest_job, complete + measures.job)
            running.append(complete)
            if len(running) >= sender.most:
                moment = max(moment, running.popleft())
        moment = max(moment, complete)
    return max(moment, under_way) - now
