"""Who watches the requests of an application. Each request runs this code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.admission import Known
from backroom.api.observer import METHODS, Exchange, Striker

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.observer import Mishap, Observer, Tracer
    from backroom.api.request import Answer, Request

_OTHER_METHOD = "other"


class Watchers:
    """The observers of an application, and its tracer: none of them at first.

    `are_there` says whether anybody watches. `have_a_say` says whether anybody is asked before a
    request's work is done.
    """

    def __init__(self) -> None:
        self.are_there = self.have_a_say = False
        self.strikers: tuple[Striker, ...] = ()
        self.tracer: Tracer | None = None
        self._finished: tuple[Callable[[Exchange, Answer], None], ...] = ()
        self.active: dict[str, int] | None = None
        """How many requests are being answered, by method, once somebody asks for that."""

    def observe(self, observer: Observer) -> None:
        """Have an observer watch all requests from now on, beside those that do already."""
        self._finished = (*self._finished, observer.finished)
        if isinstance(observer, Striker):
            self.strikers = (*self.strikers, observer)
            self.have_a_say = True
        self.are_there = True

    def trace(self, tracer: Tracer) -> None:
        """Have a tracer choose which requests are traced from now on."""
        self.tracer = tracer
        self.are_there = self.have_a_say = True

    def count_active(self) -> dict[str, int]:
        """Count from now on how many requests are being answered; give the counts by method."""
        if self.active is None:
            self.active = dict.fromkeys((*METHODS, _OTHER_METHOD), 0)
        self.are_there = True
        return self.active

    def begun(self, request: Request) -> Exchange:
        """Begin to watch a request of which nothing is known yet."""
        self.change_active(request, 1)
        return Exchange(Known(request))

    def change_active(self, request: Request, by: int) -> None:
        """Take note that a request is being answered, or no longer, where that is counted."""
        if self.active is not None:
            method = request.method
            self.active[method if method in METHODS else _OTHER_METHOD] += by

    def mishap_for(self, exchange: Exchange) -> Mishap | None:
        """Ask the tracer, and give the mishap of the first observer that has one."""
        self.ask_tracer(exchange)
        found = (each.mishap_for(exchange) for each in self.strikers)
        exchange.mishap = next((each for each in found if each is not None), None)
        return exchange.mishap

    def ask_tracer(self, exchange: Exchange) -> None:
        """Ask the tracer for a trace of a request, unless it was asked before."""
        if self.tracer is not None and not exchange.was_asked:
            exchange.was_asked = True
            exchange.traced = self.tracer.begin(exchange.known, exchange.began)

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Show a request and its answer to all."""
        if self.tracer is not None:
            self.ask_tracer(exchange)
            if exchange.traced is not None:
                self.tracer.finished(exchange, answer)
        for finished in self._finished:
            finished(exchange, answer)
