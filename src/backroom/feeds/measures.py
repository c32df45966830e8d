"""What a push has measured: how long its requests, the turns of its sender, and its jobs take.

Times that add up to the whole are measured as a mean. Where early values say little of later ones,
the newest values count most. Reads before a push are few, and one slow read says nothing of the
others: so their median counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

_GUESSED_REQUEST = 0.05
_GUESSED_JOB = 0.02
"""Seconds that a server of ours takes for a job, on the machine of the one that pushes."""
_JOB_ROWS = 100
_LAST_BUCKET = 25
_WEIGHT = 0.05
"""The weight of the newest value in a mean of many values."""


@dataclass
class Mean:
    """A mean that follows changes. `guess` stands for it while it has no value."""

    guess: float
    number: int = 0
    value: float = 0.0

    def take(self, value: float) -> None:
        """Take a value in."""
        self.number += 1
        self.value += (value - self.value) * max(1 / self.number, _WEIGHT)

    def now(self, guess: float | None = None) -> float:
        """Give the mean, or a guess."""
        return self.value if self.number else (self.guess if guess is None else guess)


@dataclass
class Measures:
    """The seconds that a push has measured so far."""

    _requests: deque[float] = field(default_factory=lambda: deque(maxlen=_LAST_BUCKET))
    _turn: Mean = field(default_factory=lambda: Mean(0.0))
    _job: Mean = field(default_factory=lambda: Mean(0.0))
    _work: float = 0.0
    _shortest: float | None = None
    _last_post: float | None = None
    _rested: float = 0.0
    _last_completed: float = 0.0

    @property
    def request(self) -> float:
        """From a GET to its answer, as most of them are."""
        return median(self._requests) if self._requests else _GUESSED_REQUEST

    @property
    def turn(self) -> float:
        """From one job that is posted to the next, without pauses.

        Before the first one it is guessed: a request, and the work that comparing its rows was. The
        target is asked nothing between jobs whose rows are planned.
        """
        return self._turn.now(self.request + self._work)

    @property
    def job(self) -> float:
        """How long a server takes for one more job, when jobs wait for each other."""
        return self._job.now(max(self.turn, _GUESSED_JOB))

    @property
    def shortest_job(self) -> float:
        """How long a job takes at least, from its creation to its end."""
        return self.job if self._shortest is None else self._shortest

    def answered(self, method: str, seconds: float) -> None:
        """Note how long a request took."""
        if method == "GET":
            self._requests.append(seconds)

    def compared(self, rows: int, seconds: float) -> None:
        """Note how long rows took that were compared."""
        self._work = seconds / max(rows, _JOB_ROWS) * _JOB_ROWS

    def rested(self, seconds: float) -> None:
        """Note a pause, or the wait for a job."""
        self._rested += seconds

    def posted(self, moment: float) -> None:
        """Note that a job was posted."""
        if self._last_post is not None:
            self._turn.take(max(0.0, moment - self._last_post - self._rested))
        self._last_post, self._rested = moment, 0.0

    def completed(self, created: float, completed: float) -> None:
        """Note when a job was created and when it was complete, by the clock of the server."""
        whole = max(0.0, completed - created)
        self._shortest = whole if self._shortest is None else min(self._shortest, whole)
        if self._last_completed <= completed:
            self._job.take(completed - max(created, self._last_completed))
            self._last_completed = completed
