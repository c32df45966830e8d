"""Who watches requests: who is asked first, and what a counter alone is spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.admission import Known
from backroom.api.observer import Exchange, Mishap
from backroom.api.request import Answer, Request
from backroom.api.watchers import Watchers
from backroom.errors import Throttled
from backroom.signals.request_counts import RequestCounts

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.observer import Traced


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


def test_counter_alone_needs_no_exchange() -> None:
    watchers = Watchers()
    watchers.count_by(RequestCounts())
    assert watchers.only_count
    watchers.observe(Fated(None))
    assert not watchers.only_count


@pytest.mark.parametrize(("mishap", "counted"), [(None, 1), (Mishap(1), 0)])
def test_injected_refusals_are_not_counted(
    exchange: Exchange, mishap: Mishap | None, counted: int
) -> None:
    watchers, counts = Watchers(), RequestCounts()
    watchers.count_by(counts)
    exchange.mishap, exchange.fault = mishap, Throttled(1)
    watchers.finished(exchange, ANSWER)
    assert sum(each.value for each in counts.limited.signals()) == counted
