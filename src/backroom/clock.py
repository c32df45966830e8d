"""The only source of time and of new ids.

Three kinds of ids are made here:

- UUIDs name requests and errors. They are only random.
- ULIDs name jobs. A ULID is a number of 128 bits in 26 letters: 48 bits of milliseconds, then 80
  random ones. Jobs are listed and applied in the order of their ids, so each new id must be greater
  than all earlier ids of the account. Within a millisecond, or after the clock was set back, a
  fresh ULID might not be: then the last one plus one is taken.
- Numbers are the keys of rows. They have 63 bits and sort by time of creation (`new_number`).

The latest ULID and the latest number are kept in this process, each under a lock. Other processes
have their own. For ULIDs the caller gives the latest one of the database (`after`), under a lock of
the database. For numbers ten random bits of the process keep two processes apart.

Tests may have the time of this process follow a `Course`, which `testing/clock.py` makes, and may
repeat its ids with `repeat`.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD_VALUES = {letter: value for value, letter in enumerate(_CROCKFORD)}
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_PAIR_BITS = 10
_UUID_BITS = 128
_UUID_KEPT = ~(0xF << 76 | 0x3 << 62)
_UUID_VERSION_4 = 0x4 << 76 | 0x2 << 62
_RANDOM_BITS = 80
_SEQUENCE_BITS = 12
_NODE_BITS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_lock = threading.Lock()
# A generator of its own: `random.seed()` elsewhere must not make ids repeat.
_random = random.Random(secrets.randbits(_UUID_BITS))  # noqa: S311 - ids keep no secret
_secret: random.Random = secrets.SystemRandom()
"""Where secrets and the random parts of ULIDs and numbers come from."""
_repeats = False
_last_ulid = 0
_last_tick = 0
_node = secrets.randbits(_NODE_BITS)


class Course(Protocol):
    """How the time of this process runs, where it is not the time of the system."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""

    def steady(self) -> float:
        """Give seconds that never go back, for measuring how long something takes."""

    def real_seconds(self, seconds: float) -> float:
        """Give how many seconds of the system pass meanwhile; infinity where time stands still."""


_course: Course | None = None
_watchers: list[Callable[[], None]] = []


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC) if _course is None else _course.now()


def now_epoch() -> float:
    """Give the present moment as seconds since 1970, which takes a third of the time of `now`."""
    return time.time() if _course is None else _course.now().timestamp()


def steady() -> float:
    """Give seconds that never go back, for measuring how long something takes."""
    return time.monotonic() if _course is None else _course.steady()


def real_seconds(seconds: float) -> float:
    """Give how many seconds of the system pass while so many of `steady` do.

    It is infinity where time stands still. `watch` tells when that changes.
    """
    return seconds if _course is None else _course.real_seconds(seconds)


def system_now() -> datetime:
    """Give the present moment in UTC, by the system's clock, even if another course is set."""
    return datetime.now(UTC)


def epoch() -> float:
    """Give the seconds since 1970, as the system's clock has them. No course changes them."""
    return time.time()


def moment_of(seconds: float) -> datetime:
    """Give the moment in UTC that is so many seconds after 1970 began, as `epoch` counts."""
    return datetime.fromtimestamp(seconds, UTC)


def follow(course: Course | None) -> None:
    """Have the time of this process follow a course, None for the time of the system."""
    global _course, _last_ulid  # noqa: PLW0603 - there is one clock
    with _lock:
        _course = course
        # A job expires by the time in its id. Ids must not stay ahead of a clock that was set back;
        # those of one account are kept in order by who gives `after`.
        _last_ulid = 0
    moved()


def leave(course: Course) -> None:
    """Go back to the time of the system, if the time of this process follows this course."""
    if _course is course:
        follow(None)


def moved() -> None:
    """Wake all who wait for a moment, because the course of time has changed."""
    # A copy: others may begin or cease to watch meanwhile.
    for each in tuple(_watchers):
        each()


def watch(woken: Callable[[], None]) -> None:
    """Have `woken` called whenever the course of time changes, by any thread; it must be quick."""
    _watchers.append(woken)


def unwatch(woken: Callable[[], None]) -> None:
    """Have `woken` called no more."""
    _watchers.remove(woken)


def repeat(seed: int | None) -> None:
    """Make the same ids and secrets from now on as any process with this seed; None ends that.

    Anybody who knows the seed then knows the secrets.
    """
    global _random, _secret, _node, _repeats, _last_ulid, _last_tick  # noqa: PLW0603 - as _course
    with _lock:
        _repeats = seed is not None
        if seed is None:
            _random = random.Random(secrets.randbits(_UUID_BITS))  # noqa: S311 - as above
            _secret = secrets.SystemRandom()
            _node = secrets.randbits(_NODE_BITS)
            return
        # Two generators, so that the number of requests does not change the ids of rows.
        _random, _secret = random.Random(f"{seed} ids"), random.Random(f"{seed} secrets")  # noqa: S311
        _node = _secret.getrandbits(_NODE_BITS)
        _last_ulid = _last_tick = 0


def secret_bytes(count: int) -> bytes:
    """Give random bytes that nobody can guess, unless `repeat` was asked for."""
    return _secret.randbytes(count)


def timestamp(moment: datetime) -> str:
    """Write a moment as the API does for jobs: `2026-09-04T13:38:45.032152+00:00`."""
    return moment.isoformat(timespec="microseconds")


def coarse_timestamp(moment: datetime) -> str:
    """Write a moment as the API does for resources: milliseconds, printed as six digits."""
    return timestamp(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def new_uuid() -> str:
    """Give a random UUID for a request or an error. Others may be able to guess it."""
    number = _random.getrandbits(_UUID_BITS) & _UUID_KEPT | _UUID_VERSION_4
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _milliseconds(moment: datetime) -> int:
    # Whole numbers: the float of `timestamp()` loses a millisecond in some years.
    return (moment - _EPOCH) // _MILLISECOND


def ulid_text(number: int) -> str:
    """Write a number of up to 128 bits as a ULID."""
    return _paired(number, 13)


def _paired(number: int, pairs: int) -> str:
    # `_PAIRS` has the two letters of every ten bits, so this takes half as many steps.
    shifts = range((pairs - 1) * _PAIR_BITS, -1, -_PAIR_BITS)
    return "".join([_PAIRS[number >> shift & 1023] for shift in shifts])


def ulid_number(ulid: str) -> int:
    """Give the number that a ULID writes."""
    number = 0
    for letter in ulid:
        number = number << 5 | _CROCKFORD_VALUES[letter]
    return number


def ulid_moment(ulid: str) -> datetime:
    """Give the moment of a ULID, to the millisecond."""
    # The first ten letters are the time.
    return _EPOCH + ulid_number(ulid[:10]) * _MILLISECOND


def new_ulid(moment: datetime, after: str = "") -> str:
    """Give a ULID of `moment`, greater than `after` and than all earlier ones of this process.

    `after` may be from another process, whose clock is ahead of this one's.
    """
    global _last_ulid  # noqa: PLW0603 - as _course
    with _lock:
        fresh = _milliseconds(moment) << _RANDOM_BITS | _secret.getrandbits(_RANDOM_BITS)
        # Within a millisecond, or after the clock was set back, `fresh` may be less than the last.
        _last_ulid = fresh if fresh > _last_ulid else _last_ulid + 1
        made = ulid_text(_last_ulid)
    return made if made > after else ulid_text(ulid_number(after) + 1)


def least_ulid(moment: datetime) -> str:
    """Give the smallest ULID of `moment`'s millisecond: no ULID of an earlier one is greater."""
    return _least_of_millisecond(_milliseconds(moment))


@lru_cache(maxsize=1)
def _least_of_millisecond(milliseconds: int) -> str:
    # Requests for jobs ask for it, many in one millisecond. The first ten letters are the time. The
    # other sixteen are the random part, here zero.
    return _paired(milliseconds, 5) + "0" * 16


def new_number() -> int:
    """Give a number of 63 bits that sorts by time of creation, as key of a row.

    It has 41 bits of milliseconds, then 12 that count within a millisecond, then 10 random bits of
    the process. More than 4,096 numbers in a millisecond count on into the next one. Two processes
    give the same number only in the same millisecond, with the same count, and if their random bits
    are the same, which happens once in 1,024. It matters only within one account.
    """
    return new_numbers(1)[0]


def new_numbers(count: int) -> Sequence[int]:
    """Give `count` numbers like `new_number`'s, ascending, with no other in between."""
    global _last_tick  # noqa: PLW0603 - as _course
    with _lock:
        # The count begins anywhere in the first half of its range. If it began at 0, two processes
        # that make one number each in the same millisecond would have the same count.
        start = _secret.getrandbits(_SEQUENCE_BITS - 1)
        # No client sees a number as a time. By the system's clock, numbers of a process that starts
        # again never meet those from before, whichever course its clock takes.
        tick = 0 if _repeats else (time.time_ns() // 1_000_000) << _SEQUENCE_BITS | start
        first = max(tick, _last_tick + 1)
        _last_tick = first + count - 1
    step = 1 << _NODE_BITS
    return range(first * step + _node, (first + count) * step, step)
