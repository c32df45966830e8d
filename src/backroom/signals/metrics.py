"""The metrics of one process: what it counts, what it reads when it is asked, and their sources."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from backroom.signals.job_counts import JobCounts
from backroom.signals.request_counts import RequestCounts
from backroom.store.database import StoreUnavailable
from backroom.store.job_signals import job_signals
from backroom.store.signals import Signal
from backroom.store.webhooks import delivery_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

    Source = Callable[[], list[Signal]]
    Question = Callable[[Transaction], list[Signal]]

METRICS_KEPT_SECONDS = 5.0
"""How long an answer of the database stands, however often metrics are asked for."""


class Metrics:
    """What a process shows. `role` is `server` or `worker`.

    `sources` give values without the database. `questions` are asked of it beside our own.
    """

    def __init__(self, database: Database, role: str) -> None:
        self.requests = RequestCounts()
        self.jobs = JobCounts()
        self.role = role
        self.engine = database.dialect.name
        self.sources: list[Source] = [database.signals, self.jobs.signals]
        self.questions: list[Question] = [job_signals, delivery_signals, database.asked]
        self._database = database
        self._answers: list[Signal] = []
        self._until = 0.0
        self._asking = threading.Lock()

    def signals(self) -> list[Signal]:
        """Give all values that are no durations and no counts of requests. It may take a moment."""
        own = [signal for source in self.sources for signal in source()]
        return own + self._asked()

    def _ready(self) -> Signal:
        """Say whether the database can be written to. It is tried while writes fail."""
        try:
            self._database.check()
        except StoreUnavailable:
            return Signal("ready", 0)
        return Signal("ready", 1)

    def _asked(self) -> list[Signal]:
        """Give what the database said, at most some seconds ago."""
        with self._asking:
            if time.monotonic() >= self._until:
                try:
                    with self._database.read() as tx:
                        answers = [each for question in self.questions for each in question(tx)]
                    self._answers = [*answers, Signal("database_up", 1), self._ready()]
                except StoreUnavailable:
                    self._answers = [Signal("database_up", 0), Signal("ready", 0)]
                self._until = time.monotonic() + METRICS_KEPT_SECONDS
            return self._answers
