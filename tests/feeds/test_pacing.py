from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backroom.catalog.operations import OPERATIONS, Rate
from backroom.feeds.pacing import MINUTE, SECOND, OwnWindows, Pacer, operation_of, rate_in
from backroom.revisions import NEWEST

POST = "POST /api/catalog-item-bulk-create-jobs"
SLOW = {"RateLimit-Limit": "1, 1;w=1, 20;w=60"}


@given(st.integers(1, 6), st.integers(1, 30), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_no_window_overflows(burst: int, steady: int, spent: list[float]) -> None:
    windows = OwnWindows(Rate(burst, steady))
    moment, requests = 0.0, []
    for seconds in spent:
        sent = windows.earliest(moment)
        moment = sent + seconds
        windows.count(moment)
        requests.append((sent, moment))
    # A server counts a request at any moment between its sending and its answer.
    for length, most in ((SECOND, burst), (MINUTE, steady)):
        for (_, answered), (sent, _) in zip(requests, requests[most:], strict=False):
            assert sent - answered >= length - 1e-9


def test_first_requests_go_at_once() -> None:
    windows = OwnWindows(Rate(2, 5))
    for _ in range(2):
        assert windows.earliest(10.0) == 10.0
        windows.count(10.0)
    assert windows.earliest(10.0) == 11.0


def test_without_rate_nothing_waits() -> None:
    windows = OwnWindows(None)
    for _ in range(100):
        windows.count(1.0)
    assert windows.earliest(1.0) == 1.0


def test_operations_are_those_of_the_table() -> None:
    for each in OPERATIONS:
        path = each.path.replace("{id}", "$custom:::$default:::a") + "?page[cursor]=x"
        assert operation_of(each.method, path) == f"{each.method} {each.path}"


def test_answers_say_the_rate() -> None:
    pacer = Pacer(NEWEST)
    assert pacer.windows(POST).rate == Rate(75, 750)
    pacer.answered(POST, SLOW, 1.0)
    assert pacer.windows(POST).rate == Rate(1, 20)
    assert pacer.windows(POST).earliest(1.5) == 2.0


def test_refusal_says_no_rate() -> None:
    pacer = Pacer(NEWEST)
    pacer.answered(POST, SLOW, 1.0)
    pacer.answered(POST, {"Retry-After": "1"}, 1.0)
    assert pacer.windows(POST).rate == Rate(1, 20)


def test_failure_says_no_rate() -> None:
    pacer = Pacer(NEWEST)
    before = pacer.windows(POST).rate
    assert before
    pacer.answered(POST, {}, 1.0, succeeded=False)
    assert pacer.windows(POST).rate == before
    assert pacer.windows("GET /api/catalog-items").rate


def test_answer_without_rates_lifts_the_limit() -> None:
    pacer = Pacer(NEWEST)
    pacer.answered(POST, {}, 1.0)
    assert pacer.windows(POST).rate is None


def test_half_a_header_says_nothing() -> None:
    assert rate_in("75, 75;w=1, 750;w=60") == Rate(75, 750)
    assert rate_in("75;w=1") is None


def test_scale_of_one_holds_for_others() -> None:
    pacer = Pacer(NEWEST)
    pacer.answered("GET /api/catalog-items", {"RateLimit-Limit": "700, 700;w=1, 7000;w=60"}, 1.0)
    assert pacer.windows(POST).rate == Rate(150, 1500)
    pacer.answered("GET /api/catalog-variants", {}, 1.0)
    assert pacer.windows("POST /api/catalog-variant-bulk-create-jobs").rate is None
