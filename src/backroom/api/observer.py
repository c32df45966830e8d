"""The one hook of the application: observers see requests, and may give mishaps for them.

`App` calls an `Observer` in the thread that it serves in. It has none where nobody watches. What a
request costs then is paid on every request, so an `Exchange` has only what differs from its class.
An observer that remembers requests keeps what `Exchange.seen` gives.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from backroom import clock
from backroom.api.damage import NOTHING_SENT

if TYPE_CHECKING:
    from backroom.api.admission import Admitted, Known
    from backroom.api.damage import Damage
    from backroom.api.request import Answer
    from backroom.api.routes import Path
    from backroom.catalog.operations import Operation
    from backroom.errors import Fault
    from backroom.revisions import Revision
    from backroom.store.keys import Access
    from backroom.store.timed import TimedStatement

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that observers tell apart. A client may invent as many others as it likes."""


class Mishap(NamedTuple):
    """A mishap for one request that was admitted.

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


class Seen(NamedTuple):
    """What observers remember of a request that was answered. It has no body, in or out.

    `at` is a time since 1970. `seconds` is from the end of the head to the answer.
    """

    at: float
    seconds: float
    status: int
    request_id: str
    method: str
    target: str
    path: Path | None
    revision: Revision | None
    access: Access | None
    fault: Fault | None
    mishap: Mishap | None

    @property
    def operation(self) -> Operation | None:
        """The operation that was asked for, or None where there is none."""
        return asked_operation(self.path, self.method)


def asked_operation(path: Path | None, method: str) -> Operation | None:
    """Give the operation that a method asks for at a path, or None where there is none."""
    return None if path is None else path.operations.get("GET" if method == "HEAD" else method)


if TYPE_CHECKING:
    # As those of `Seen`.
    SeenMembers = tuple[
        float,
        float,
        int,
        str,
        str,
        str,
        Path | None,
        Revision | None,
        Access | None,
        Fault | None,
        Mishap | None,
    ]


class Exchange:
    """One request, with what became known of it on the way to its answer.

    `fault` is why it was refused. `body` is the request's, as it came, after decompression.
    `seconds` is from the end of its head to its answer. `traced` is what a tracer has begun for it,
    once it was asked.
    """

    # Most requests set none of these.
    body = b""
    fault: Fault | None = None
    mishap: Mishap | None = None
    seconds = 0.0
    traced: Traced | None = None
    was_asked = False

    def __init__(self, known: Known | Admitted, began: float | None = None) -> None:
        """Begin one now, or at a time of `perf_counter`."""
        self.known = known
        self.began = perf_counter() if began is None else began

    @property
    def operation(self) -> Operation | None:
        """The operation that was asked for, or None where there is none."""
        return asked_operation(self.known.path, self.known.request.method)

    def end(self) -> None:
        """Stop the time."""
        self.seconds = perf_counter() - self.began

    def seen(self, answer: Answer) -> SeenMembers:
        """Give what is remembered of it once it has its answer: the members of a `Seen`, in order.

        They are a plain tuple, which takes a third of the time that a `Seen` takes. An observer
        that keeps the exchange itself would keep the whole head, some 5 kB in forty objects. A
        request whose objects are freed at once leaves its memory, which is in the processor's
        cache, to the next one. That saves more time than it takes to make this.
        """
        # What both kinds of `known` begin with. To ask for each by its name takes longer.
        request, path, access, revision, *_ = self.known
        fault = self.fault
        if fault is not None:
            # A fault that was raised keeps all that was at hand there.
            fault.__traceback__ = fault.__context__ = None
        return (
            clock.now_epoch(),
            self.seconds,
            answer.status,
            request.request_id,
            request.method,
            request.target,
            path,
            revision,
            access,
            fault,
            self.mishap,
        )


class Observer(Protocol):
    """Watches all requests of an application. Its methods are quick, and raise nothing."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Take note of a request and its answer, which is about to be sent."""


@runtime_checkable
class Striker(Protocol):
    """An observer that also gives mishaps for requests."""

    def mishap_for(self, exchange: Exchange) -> Mishap | None:
        """Give the mishap for a request that was admitted and whose body has come, if any."""


class Traced(NamedTuple):
    """What a tracer has started for a request: its span, and where its statements are noted.

    `trace` is what a job that it makes is linked to, as a `traceparent`.
    """

    span: object
    statements: list[TimedStatement]
    trace: str | None


class Tracer(Observer, Protocol):
    """An observer that chooses which requests are traced."""

    def begin(self, known: Known | Admitted, began: float) -> Traced | None:
        """Begin a trace, if this request is one of those. It is asked once for each request.

        That is before the work of a request that was admitted, and at the end of any other. `began`
        is the time of `perf_counter` at which the request came.
        """
