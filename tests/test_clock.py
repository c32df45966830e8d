from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backroom import clock
from support.strategies import LETTERS, moments, thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

ULID = re.compile(rf"[0-7][{LETTERS}]{{25}}")


@pytest.fixture(autouse=True)
def same_clock_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There is one clock in a process: what these tests do to it is undone."""
    monkeypatch.setattr(clock, "_last_ulid", 0)
    monkeypatch.setattr(clock, "_last_tick", 0)
    with monkeypatch.context():
        yield


def milliseconds(ulid: str) -> int:
    value = 0
    for letter in ulid[:10]:
        value = value * 32 + LETTERS.index(letter)
    return value


def since_1970(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_now_is_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_seeded_ids_repeat() -> None:
    moment = clock.now()

    def made() -> list[str]:
        clock.repeat(7)
        return [clock.new_uuid(), clock.new_ulid(moment), clock.secret_bytes(16).hex()]

    assert made() == made()
    clock.repeat(8)
    assert clock.new_uuid() != made()[0]
    clock.repeat(None)
    assert clock.secret_bytes(16) != clock.secret_bytes(16)


@given(moments)
@thorough(100)
def test_timestamps_are_the_observed_form(moment: datetime) -> None:
    text = clock.timestamp(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", text)
    assert datetime.fromisoformat(text) == moment


@given(moments)
@thorough(100)
def test_coarse_timestamps_end_in_zeros(moment: datetime) -> None:
    text = clock.coarse_timestamp(moment)
    assert re.fullmatch(r".*\.\d{3}000\+00:00", text)
    assert timedelta(0) <= moment - datetime.fromisoformat(text) < timedelta(milliseconds=1)


def test_uuids_are_random_ones() -> None:
    made = {clock.new_uuid() for _ in range(100)}
    assert len(made) == 100
    assert {uuid.UUID(each).version for each in made} == {4}


@given(moments)
@example(datetime(2038, 1, 19, 4, 0, 0, 2000, tzinfo=UTC))
@thorough(200)
def test_ulids_begin_with_their_time(moment: datetime) -> None:
    least = clock.least_ulid(moment)
    assert ULID.fullmatch(least)
    assert milliseconds(least) == since_1970(moment)
    assert least.endswith("0" * 16)


@given(moments, moments)
@thorough(200)
def test_ulids_sort_by_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    assert clock.least_ulid(earlier) <= clock.least_ulid(later)
    if since_1970(earlier) < since_1970(later):
        assert clock.least_ulid(earlier) < clock.least_ulid(later)


@given(st.lists(moments, min_size=2, max_size=20))
@thorough(100)
def test_ulids_only_grow(given_moments: list[datetime]) -> None:
    made = [clock.new_ulid(moment) for moment in given_moments]
    assert all(ULID.fullmatch(each) for each in made)
    assert made == sorted(set(made))


def test_new_ulid_has_the_moments_time() -> None:
    moment = clock.now()
    made = clock.new_ulid(moment)
    assert clock.least_ulid(moment) <= made
    assert milliseconds(made) == since_1970(moment)


def test_ulids_of_one_millisecond_count_on() -> None:
    moment = clock.now()
    made = [clock.new_ulid(moment) for _ in range(1000)]
    assert made == sorted(set(made))


def test_threads_never_share_a_ulid() -> None:
    moment = clock.now()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: clock.new_ulid(moment), range(2000)))
    assert len(set(made)) == 2000


def test_numbers_only_grow() -> None:
    made = [clock.new_number() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert 0 < made[0] < made[-1] < 2**63


def test_blocks_of_numbers_only_grow() -> None:
    made = [number for count in (3, 0, 5000, 1, 100) for number in clock.new_numbers(count)]
    assert len(made) == 5104
    made.append(clock.new_number())
    assert made == sorted(set(made))


def test_numbers_begin_with_their_time() -> None:
    before = since_1970(datetime.now(UTC))
    made = [clock.new_number() for _ in range(10)]
    assert all(before <= number >> 22 <= before + 1000 for number in made)


def test_threads_never_share_a_number() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: clock.new_number(), range(2000)))
    assert len(set(made)) == 2000


def test_threads_never_share_a_block() -> None:
    with ThreadPoolExecutor(8) as threads:
        blocks = list(threads.map(lambda _: clock.new_numbers(100), range(200)))
    assert all(list(block) == sorted(block) for block in blocks)
    assert len({number for block in blocks for number in block}) == 20_000
