"""Who watches requests: who is asked first, and who is shown what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.admission import Known
from backroom.api.observer import Exchange, Mishap, Traced
from backroom.api.request import Answer, Request
from backroom.api.watchers import Watchers

if TYPE_CHECKING:
    from backroom.api.admission import Admitted


ANSWER = Answer(200, [], [])


class Fated:
    """An observer that has the same mishap for each request."""

    def __init__(self, mishap: Mishap | None) -> None:
        self._mishap = mishap

    def mishap_for(self, _: Exchange) -> Mishap | None:
        return self._mishap

    def finished(self, _: Exchange, __: Answer) -> None:
        pass


class Asked:
    """A tracer that traces nothing, and counts how often it was asked."""

    times = 0

    def begin(self, _: Known | Admitted, __: float) -> Traced | None:
        self.times += 1
        return None

    def finished(self, _: Exchange, __: Answer) -> None:
        pass


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(Known(Request("GET", b"/api/catalog-items", b"", {}, "http", "")))


def test_first_mishap_is_heard(exchange: Exchange) -> None:
    watchers = Watchers()
    for each in (None, Mishap(1), Mishap(2)):
        watchers.observe(Fated(each))
    assert watchers.mishap_for(exchange) == exchange.mishap == Mishap(1)


def test_tracer_is_asked_once(exchange: Exchange) -> None:
    watchers, tracer = Watchers(), Asked()
    watchers.trace(tracer)
    watchers.ask_tracer(exchange)
    watchers.finished(exchange, ANSWER)
    assert tracer.times == 1


class Named:
    """A tracer that traces all, or nothing, and an observer that says in which order both come."""

    def __init__(self, heard: list[str], name: str, traced: Traced | None = None) -> None:
        self._heard, self._name, self._traced = heard, name, traced

    def begin(self, _: Known | Admitted, __: float) -> Traced | None:
        return self._traced

    def finished(self, _: Exchange, __: Answer) -> None:
        self._heard.append(self._name)


@pytest.mark.parametrize(
    ("traced", "order"),
    [(Traced(None, [], None), ["tracer", "first", "second"]), (None, ["first", "second"])],
)
def test_only_traced_requests_are_shown_to_tracers(
    exchange: Exchange, traced: Traced | None, order: list[str]
) -> None:
    watchers, heard = Watchers(), list[str]()
    watchers.trace(Named(heard, "tracer", traced))
    watchers.observe(Named(heard, "first"))
    watchers.observe(Named(heard, "second"))
    watchers.finished(exchange, ANSWER)
    assert heard == order
