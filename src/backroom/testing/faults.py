"""Faults that a test asks for: errors, delays and damaged answers, for the requests it names.

The thread that serves asks for each admitted request whether a mishap strikes it. All other methods
may be called from any thread. The first fault that strikes a request is the only one that sees it.
"""

from __future__ import annotations

import difflib
import fnmatch
import random
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from backroom.api.damage import Damage, Harm
from backroom.api.observer import Mishap
from backroom.catalog.neighbours import OPERATIONS_BY_NAME
from backroom.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Fault,
    FrameworkFault,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    ServerError,
    Throttled,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from backroom.revisions import REVISIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer

_LONGEST_FAULT_SECONDS = 3600
"""Seconds."""
_LEAST_STATUS, _MOST_STATUS = 400, 599
_FAULT_CLASSES = {
    each.status: each
    for each in (
        *(AuthenticationFailed, PermissionDenied, NotFound, MethodNotAllowed, AlreadyExists),
        *(TooLarge, UnsupportedMediaType, ServerError, Unavailable),
    )
}
"""The statuses whose code and title the API has, with a class that has them."""


class InvalidFault(ValueError):
    """A fault that can't be injected. The text says what would be right."""


class _Long(Fault):
    """An error of the long form."""


class _Short(FrameworkFault):
    """An error of the short form."""


class FaultWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault as it is asked for: which requests it strikes, how often, and what it does.

    A request is struck if it has all of `operation`, `method`, `path` (a pattern with `*`),
    `account` and `revision` that are given. `nth` strikes only the nth of these, counted from 1.
    `probability` strikes each with that chance, the same ones with the same `seed`. `times` is how
    often it strikes: 1 unless it is given, but always with a `probability`; 0 stands for always.

    `status` is answered with the body of the API, or with `code`, `title` and `detail`.
    `retry_after` is in seconds. `form` chooses the form of the body: both were observed for 429.
    `delay` is in seconds, or a range of seconds. `damage` is done to the answer, for `drip` in
    pieces of `piece` bytes with a `pause` in seconds between them. `after` has the work done first.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    account: str | None = None
    revision: str | None = None
    nth: int | None = None
    probability: float | None = None
    seed: int | None = None
    times: int | None = None
    status: int | None = None
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    retry_after: int | None = None
    form: Literal["long", "short"] | None = None
    delay: float | tuple[float, float] = 0.0
    damage: Harm | None = None
    piece: int = 16
    pause: float = 0.1
    after: bool = False

    @property
    def delays(self) -> tuple[float, float]:
        """The shortest and the longest delay."""
        return self.delay if isinstance(self.delay, tuple) else (self.delay, self.delay)

    @property
    def most(self) -> int:
        """How often it may strike, 0 for always."""
        if self.times is not None:
            return self.times
        return 1 if self.probability is None else 0


def _check_wish(wish: FaultWish) -> None:
    """Raise `InvalidFault` for a fault that can't strike anything, or that does nothing."""
    if wish.operation is not None and wish.operation not in OPERATIONS_BY_NAME:
        near = difflib.get_close_matches(wish.operation, OPERATIONS_BY_NAME, 1)
        hint = f"; nearest is {near[0]}" if near else "; docs/reference/operations.md lists them"
        raise InvalidFault(f"there is no operation {wish.operation}{hint}")
    if wish.revision is not None and wish.revision not in REVISIONS:
        raise InvalidFault(f"there is no revision {wish.revision}; `backroom revisions` lists them")
    if wish.path is not None and not wish.path.startswith(("/", "*")):
        raise InvalidFault("path must begin with / or *, as /api/catalog-items/*")
    if wish.status is None and wish.damage is None and not any(wish.delays):
        raise InvalidFault("a fault needs a status, a delay or a damage")
    if wish.status is None and (wish.code or wish.title or wish.detail or wish.retry_after):
        raise InvalidFault("code, title, detail and retry_after need a status")
    low, high = wish.delays
    least = 0
    for holds, words in (
        (wish.status is None or _LEAST_STATUS <= wish.status <= _MOST_STATUS, "status, 400 to 599"),
        (
            least <= low <= high <= _LONGEST_FAULT_SECONDS,
            "delay, from 0 to 3600 seconds, the shorter first",
        ),
        (wish.nth is None or wish.nth > 0, "nth, 1 or more"),
        (wish.times is None or wish.times >= 0, "times, 0 or more; 0 is always"),
        (wish.probability is None or 0 < wish.probability <= 1, "probability, above 0 and up to 1"),
        (wish.retry_after is None or wish.retry_after >= 0, "retry_after, 0 or more"),
        (
            wish.piece > 0 and 0 <= wish.pause <= _LONGEST_FAULT_SECONDS,
            "piece, 1 or more, and pause, 0 on",
        ),
    ):
        if not holds:
            raise InvalidFault(f"out of range: {words}")


class InjectedFault:
    """A fault that waits for requests, or has struck them."""

    def __init__(self, number: int, wish: FaultWish) -> None:
        self.number = number
        self.wish = wish
        self.seen = 0
        """How many requests it might have struck."""
        self.used = 0
        """How many requests it has struck."""
        self._random = random.Random(wish.seed)  # noqa: S311 - a choice that can be repeated

    @property
    def is_used_up(self) -> bool:
        """Whether it strikes no more."""
        if self.wish.nth is not None and self.seen >= self.wish.nth:
            return True
        return bool(self.wish.most) and self.used >= self.wish.most

    def strikes(self, exchange: Exchange) -> bool:
        """Count a request that is meant, and say whether the fault strikes it."""
        if not self._means(exchange):
            return False
        self.seen += 1
        if self.wish.nth is not None and self.seen != self.wish.nth:
            return False
        chance = self.wish.probability
        struck = chance is None or self._random.random() < chance
        self.used += struck
        return struck

    def _means(self, exchange: Exchange) -> bool:
        wish, known, operation = self.wish, exchange.known, exchange.operation
        return (
            (wish.operation is None or (operation is not None and operation.name == wish.operation))
            and (wish.method is None or known.request.method == wish.method)
            and (
                wish.account is None or known.access is None or known.access.account == wish.account
            )
            and (wish.revision is None or known.revision is REVISIONS[wish.revision])
            and (wish.path is None or fnmatch.fnmatchcase(known.request.raw_path, wish.path))
        )

    def mishap(self, exchange: Exchange) -> Mishap:
        """Make the mishap for a request that is struck."""
        wish = self.wish
        return Mishap(
            self.number,
            self._random.uniform(*wish.delays) if any(wish.delays) else 0.0,
            None if wish.status is None else _error(wish, wish.status, exchange),
            None if wish.damage is None else Damage(wish.damage, wish.piece, wish.pause),
            wish.after,
        )

    def as_json(self) -> dict[str, Any]:
        """Give the members of the wish, and how often it was seen and used."""
        given = msgspec.to_builtins(self.wish)
        defaults = msgspec.to_builtins(FaultWish())
        return {
            "number": self.number,
            **{name: value for name, value in given.items() if value != defaults[name]},
            "seen": self.seen,
            "used": self.used,
            "used_up": self.is_used_up,
        }


def _error(wish: FaultWish, status: int, exchange: Exchange) -> Fault:
    """Make the error of a status, in the words of the API where it has any."""
    if status == Throttled.status and wish.form != "short":
        error: Fault = Throttled(1 if wish.retry_after is None else wish.retry_after)
    else:
        known = _FAULT_CLASSES.get(status)
        long = status == Fault.status or (
            known is not None and not issubclass(known, FrameworkFault)
        )
        chosen = _Short if (wish.form or ("long" if long else "short")) == "short" else _Long
        error = chosen(_detail(status, exchange))
        error.status, (error.code, error.title) = status, _words_of(status)
        error.retry_after = wish.retry_after
        if error.retry_after is None and status in {Throttled.status, Unavailable.status}:
            error.retry_after = 1
    error.code = wish.code or error.code
    error.title = wish.title or error.title
    error.detail = wish.detail or error.detail
    return error


def _words_of(status: int) -> tuple[str, str]:
    """Give the code and the title of a status."""
    apart: dict[int, type[Fault]] = {Fault.status: Fault, Throttled.status: Throttled}
    known = apart.get(status) or _FAULT_CLASSES.get(status)
    if known is not None and "title" in vars(known):
        return known.code, known.title
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return ServerError.code, ServerError.title
    return phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}."


def _detail(status: int, exchange: Exchange) -> str:
    operation = exchange.operation
    if status == PermissionDenied.status and operation is not None:
        return PermissionDenied(operation.scope).detail
    if status == Throttled.status:
        return Throttled(1).detail
    return _words_of(status)[1]


def _nearest_member(wish: dict[str, Any]) -> str | None:
    """Name the member that was probably meant by an unknown one. None if all are known."""
    known = FaultWish.__struct_fields__
    for name in wish:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"nearest is {near[0]}" if near else f"there are {', '.join(known)}"
            return f"there is no member {name}; {hint}"
    return None


class Faults:
    """The faults of one server. It is an observer of the application from the first fault on."""

    def __init__(self, observe: Callable[[Faults], None] | None = None) -> None:
        """`observe` is called with the faults before the first one is added."""
        self._observe = observe
        self._lock = threading.Lock()
        self._all: dict[int, InjectedFault] = {}
        self._active: tuple[InjectedFault, ...] = ()
        self._last = 0

    def mishap_for(self, exchange: Exchange) -> Mishap | None:
        """Give what the first fault that strikes a request does to it."""
        if not self._active:
            return None
        with self._lock:
            struck = next((each for each in self._active if each.strikes(exchange)), None)
            self._active = tuple(each for each in self._active if not each.is_used_up)
            return None if struck is None else struck.mishap(exchange)

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Take no note of a request."""

    def add(self, **wish: Any) -> InjectedFault:
        """Add a fault behind the existing ones. The members are those of `FaultWish`.

        Raises `InvalidFault`.
        """
        try:
            made = msgspec.convert(wish, FaultWish)
        except msgspec.ValidationError as error:
            raise InvalidFault(_nearest_member(wish) or str(error)) from None
        _check_wish(made)
        with self._lock:
            if self._observe is not None and not self._last:
                self._observe(self)
            self._last += 1
            added = self._all[self._last] = InjectedFault(self._last, made)
            self._active = (*self._active, added)
        return added

    def all(self) -> list[InjectedFault]:
        """Give all faults, those used up too, in the order in which they were added."""
        with self._lock:
            return [*self._all.values()]

    def unused(self) -> list[InjectedFault]:
        """Give the faults that have struck no request."""
        return [each for each in self.all() if not each.used]

    def find(self, number: int) -> InjectedFault | None:
        """Give a fault by its number."""
        with self._lock:
            return self._all.get(number)

    def remove(self, number: int) -> bool:
        """Remove a fault. False if there is none of this number."""
        with self._lock:
            removed = self._all.pop(number, None)
            self._active = tuple(each for each in self._active if each is not removed)
        return removed is not None

    def clear(self, account: str | None = None) -> None:
        """Remove all faults, or those for one account."""
        with self._lock:
            self._all = {
                number: each
                for number, each in self._all.items()
                if account is not None and each.wish.account != account
            }
            self._active = tuple(each for each in self._active if each.number in self._all)
