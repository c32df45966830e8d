"""The only source of time and of new ids."""

from __future__ import annotations

import random
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_CROCKFORD)}
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
_offset = timedelta(0)
_last_ulid = 0
_last_tick = 0
_node = secrets.randbits(_NODE_BITS)


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC) + _offset


def epoch() -> float:
    """Give the seconds since 1970, as windows of time are counted in."""
    return time.time()


def travel(by: timedelta) -> None:
    """Move this process's clock forward by `by`, for tests."""
    global _offset  # noqa: PLW0603 - there is one clock
    _offset += by


def timestamp(moment: datetime) -> str:
    """Write a moment as the API does for jobs: `2026-09-04T13:38:45.032152+00:00`."""
    return moment.isoformat(timespec="microseconds")


def coarse_timestamp(moment: datetime) -> str:
    """Write a moment as the API does for resources: milliseconds, printed as six digits."""
    return timestamp(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def new_uuid() -> str:
    """Give a random UUID, for requests and errors. It keeps no secret."""
    number = _random.getrandbits(_UUID_BITS) & _UUID_KEPT | _UUID_VERSION_4
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _milliseconds(moment: datetime) -> int:
    # Whole numbers: the float of `timestamp()` loses a millisecond in some years.
    return (moment - _EPOCH) // _MILLISECOND


def ulid_text(number: int) -> str:
    """Write a number of 128 bits as a ULID."""
    return _paired(number, 13)


def _paired(number: int, pairs: int) -> str:
    shifts = range((pairs - 1) * _PAIR_BITS, -1, -_PAIR_BITS)
    return "".join([_PAIRS[number >> shift & 1023] for shift in shifts])


def ulid_number(ulid: str) -> int:
    """Give the number that a ULID writes."""
    number = 0
    for letter in ulid:
        number = number << 5 | _VALUES[letter]
    return number


def new_ulid(moment: datetime, after: str = "") -> str:
    """Give a ULID whose time is `moment`'s, greater than `after` and all earlier of this process.

    `after` is where another process may have come, whose clock is ahead of this one's.
    """
    global _last_ulid  # noqa: PLW0603 - as _offset
    with _lock:
        fresh = _milliseconds(moment) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        # Within a millisecond, or when the clock steps back, only counting on keeps the order.
        _last_ulid = fresh if fresh > _last_ulid else _last_ulid + 1
        made = ulid_text(_last_ulid)
    return made if made > after else ulid_text(ulid_number(after) + 1)


def least_ulid(moment: datetime) -> str:
    """Give the smallest ULID of `moment`'s millisecond: a border for ranges of ids."""
    # The time fills the first ten letters; the random sixteen are nothing.
    return _paired(_milliseconds(moment), 5) + "0" * 16


def new_number() -> int:
    """Give a 63-bit number that sorts by time of creation, for rows and their keyset pages.

    41 bits of milliseconds, 12 that count within one, 10 that tell processes apart. Two processes
    can meet on one number only in the same account, millisecond and count, once in 1,024.
    """
    return new_numbers(1)[0]


def new_numbers(count: int) -> Sequence[int]:
    """Give `count` such numbers, ascending, with no other of this process in between."""
    global _last_tick  # noqa: PLW0603 - as _offset
    with _lock:
        # Beginning anywhere within the millisecond, two processes rarely meet at its first count.
        start = secrets.randbits(_SEQUENCE_BITS - 1)
        tick = (time.time_ns() // 1_000_000) << _SEQUENCE_BITS | start
        first = max(tick, _last_tick + 1)
        _last_tick = first + count - 1
    step = 1 << _NODE_BITS
    return range(first * step + _node, (first + count) * step, step)
