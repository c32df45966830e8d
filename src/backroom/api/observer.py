"""The one hook of the application: who watches requests, and what may befall them.

`App` calls an `Observer` in the thread that it serves in. It has none where nobody watches.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from backroom.api.damage import NOTHING_SENT

if TYPE_CHECKING:
    from backroom.api.admission import Admitted, Known
    from backroom.api.damage import Damage
    from backroom.api.request import Answer
    from backroom.catalog.operations import Operation
    from backroom.errors import Fault
    from backroom.store.timed import TimedStatement


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that observers tell apart. A client may invent as many others as it likes."""


class Mishap(NamedTuple):
    """What befalls one request that was admitted.

    `delay` is in seconds. `fault` is answered in place of the answer. `after` says that the request
    is carried out first, and that its answer is what gets lost. `number` names who made it.
    """

    number: int
    delay: float = 0.0
    fault: Fault | None = None
    damage: Damage | None = None
    after: bool = False

    @property
    def replaces_work(self) -> bool:
        """Whether what is asked for is not done."""
        nothing_sent = self.damage is not None and self.damage.harm in NOTHING_SENT
        return not self.after and (self.fault is not None or nothing_sent)


class Exchange:
    """One request, with what became known of it on the way to its answer.

    `fault` is why it was refused. `body` is the request's, as it came, after decompression.
    `seconds` is from the end of its head to its answer. `statements` are those of its work, where
    an observer asks for them. `trace` is what a job that it makes is linked to, as a `traceparent`,
    and `span` what an observer has begun for that.
    """

    __slots__ = (
        "began",
        "body",
        "fault",
        "known",
        "mishap",
        "seconds",
        "span",
        "statements",
        "trace",
    )

    def __init__(
        self,
        known: Known,
        fault: Fault | None = None,
        statements: list[TimedStatement] | None = None,
    ) -> None:
        self.began = perf_counter()
        self.known = known
        self.body = b""
        self.fault = fault
        self.mishap: Mishap | None = None
        self.seconds = 0.0
        self.statements = statements
        self.trace: str | None = None
        self.span: object = None

    @property
    def operation(self) -> Operation | None:
        """The operation that was asked for, or None where there is none."""
        path, method = self.known.path, self.known.request.method
        if path is None:
            return None
        return path.operations.get("GET" if method == "HEAD" else method)

    def end(self) -> None:
        """Stop the time."""
        self.seconds = perf_counter() - self.began


class Observer(Protocol):
    """Watches all requests of an application. Its methods are quick, and raise nothing."""

    def befalls(self, exchange: Exchange) -> Mishap | None:
        """Say what befalls a request that was admitted, and whose body has come."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Take note of a request and its answer, which is about to be sent."""


class RequestCounter(Protocol):
    """Counts all requests, in the thread that serves. An observer costs several times as much."""

    def add(self, known: Known | Admitted, status: int, seconds: float) -> None:
        """Count a request by what is known of it, the status of its answer, and how long it took.

        That is from the end of its head to its answer.
        """

    def add_throttled(self, fault: Fault) -> None:
        """Count a request that was refused with a fault, if that says that there were too many."""


class _Both:
    """Two observers as one. The first that has a mishap for a request is heard."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._first = first
        self._second = second

    def befalls(self, exchange: Exchange) -> Mishap | None:
        return self._first.befalls(exchange) or self._second.befalls(exchange)

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        self._first.finished(exchange, answer)
        self._second.finished(exchange, answer)


def both(first: Observer | None, second: Observer) -> Observer:
    """Give two observers as one, of which there may be only the second."""
    return second if first is None else _Both(first, second)
