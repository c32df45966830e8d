"""What a test wishes of jobs: which jobs it means, when these go on, and how they end.

A wish is a value made of a JSON object, whose members these are:

- Which jobs: `account` (an id), `type` (as on the wire), and `times`, how many of them: 1 unless it
  says another number, or "always".
- When they end, one of: `after_seconds`, `after_reads`, `stay` (until they are released), `never`,
  and `observed`, as long as the real service was seen to take, divided by that number. At once
  where none of them is given.
- What is shown before: `queued` first, and `early_counts` while the job is still processing.
- How they end: `cancelled`; or with operations that `fail`: the first so many, or those in a list
  of places or ids, with the `error` of that name or with the one that is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import JOB_KINDS, JobKind, Verb
from backroom.errors import (
    AlreadyExists,
    DoesNotExist,
    OperationFault,
    UnknownCategory,
    UnknownRelated,
)
from backroom.jobs.pacing import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from backroom.catalog.drafts import Draft

_ENDS = ("after_seconds", "after_reads", "stay", "never", "observed")
_FLAGS = ("queued", "early_counts", "cancelled", "stay", "never")
_WISH_MEMBERS = ("account", "type", "times", *_ENDS, "queued", "early_counts", "cancelled", "fail")
_ALL_MEMBERS = (*_WISH_MEMBERS, "error")
_OBSERVED_ITEM = (12.0, 336.0)
_OBSERVED = {"category": (8.0, 20.0), "variant": (8.0, 240.0)}
"""Seconds that jobs of the real service took, the shortest and the longest (observed)."""
_LONGEST_WISH_SECONDS = 7 * 24 * 3600.0
_MOST_READS = 1_000_000


class InvalidWish(ValueError):
    """A wish that no job can have. The text says what a job can have."""


@dataclass(frozen=True)
class When:
    """What a step of a job waits for, after the step before: seconds, reads, or a release."""

    seconds: float = 0.0
    reads: int = 0
    released: bool = False
    never: bool = False


@dataclass(frozen=True)
class Wish:
    """What a test wishes of jobs. It was checked when it was made."""

    given: Mapping[str, Any]

    @property
    def times(self) -> int | None:
        """For how many jobs it holds, None for all."""
        times = self.given.get("times", 1)
        return None if times == "always" else int(times)

    def means(self, account: str, job_type: str) -> bool:
        """Whether it is for jobs of an account and a type."""
        asked = (self.given.get("account", account), self.given.get("type", job_type))
        return asked == (account, job_type)

    def steps(self, job_kind: JobKind, drawn: Random) -> list[tuple[Step, When]]:
        """Give the steps of a job, and what each waits for. `drawn` gives observed times."""
        given = self.given
        queued, counts = bool(given.get("queued")), bool(given.get("early_counts"))
        steps: list[tuple[Step, When]] = []
        seconds = self._seconds(job_kind, drawn)
        reads = int(given.get("after_reads", 0))
        if queued and seconds:
            seconds /= 2
            steps.append((Step.BEGIN, When(seconds=seconds)))
        elif queued:
            # A client that polls sees the job queued once.
            steps.append((Step.BEGIN, When(reads=1)))
            reads = max(1, reads - 1)
        if counts:
            seconds /= 2
            steps.append((Step.COUNT, When(seconds=seconds)))
            reads = reads if seconds else max(1, reads)
        ends = Step.CANCEL if given.get("cancelled") else Step.COMPLETE
        if given.get("stay") or given.get("never"):
            last = When(released=bool(given.get("stay")), never=bool(given.get("never")))
        else:
            last = When(seconds=seconds) if seconds else When(reads=reads)
        return [*steps, (ends, last)]

    def _seconds(self, job_kind: JobKind, drawn: Random) -> float:
        if "observed" not in self.given:
            return float(self.given.get("after_seconds", 0.0))
        shortest, longest = _OBSERVED.get(job_kind.kind.name, _OBSERVED_ITEM)
        # Most jobs are quick and a few take long, so all orders of magnitude are as likely.
        taken = math.exp(drawn.uniform(math.log(shortest), math.log(longest)))
        return float(taken / self.given["observed"])

    def failing(self, job_kind: JobKind, drafts: Sequence[Draft]) -> dict[int, OperationFault]:
        """Give which operations fail without being applied, by their places."""
        asked = self.given.get("fail")
        if asked is None:
            return {}
        wanted = set(range(asked)) if isinstance(asked, int) else set(asked)
        return {
            place: self._fault(job_kind, draft)
            for place, draft in enumerate(drafts)
            if place in wanted or draft.id in wanted or draft.external_id in wanted
        }

    def _fault(self, job_kind: JobKind, draft: Draft) -> OperationFault:
        error = self.given.get("error")
        if isinstance(error, dict):
            return OperationFault(error["detail"], error.get("pointer", ""))
        if error is None:
            error = "already_exists" if job_kind.verb is Verb.CREATE else "does_not_exist"
        return ERRORS[error](job_kind, draft)


def _already_exists(job_kind: JobKind, draft: Draft) -> OperationFault:
    return AlreadyExists(job_kind.kind.with_article, draft.external_id or draft.id)


def _unknown_id(job_kind: JobKind, draft: Draft) -> OperationFault:
    return DoesNotExist(job_kind.kind.with_article, draft.id)


def _unknown_category(_: JobKind, __: Draft) -> OperationFault:
    return UnknownCategory("/relationships/categories")


def _unknown_related(_: JobKind, draft: Draft) -> OperationFault:
    for relationship, related in draft.relations.items():
        for each in related:
            return UnknownRelated("An item", each, f"/relationships/{relationship}")
    return UnknownRelated("An item", draft.id, "/relationships/item")


ERRORS: dict[str, Callable[[JobKind, Draft], OperationFault]] = {
    "already_exists": _already_exists,
    "does_not_exist": _unknown_id,
    "unknown_category": _unknown_category,
    "unknown_related": _unknown_related,
}
"""The errors of the service that an operation can be made to fail with, by name."""


def read_wish(given: Mapping[str, Any]) -> Wish:
    """Make a wish of a JSON object. Raises `InvalidWish`."""
    unknown = sorted(given.keys() - set(_ALL_MEMBERS))
    if unknown:
        raise InvalidWish(
            f"`{unknown[0]}` is not a member of a wish: it has {_listed(_ALL_MEMBERS)}"
        )
    ends = [name for name in _ENDS if given.get(name, False) is not False]
    if len(ends) > 1:
        raise InvalidWish(f"a job ends in one way: give {' or '.join(f'`{n}`' for n in ends)}")
    for name in _FLAGS:
        if not isinstance(given.get(name, False), bool):
            raise InvalidWish(f"`{name}` is true or false")
    if given.get("type") not in (None, *JOB_KINDS):
        raise InvalidWish(f"`type` is one of {_listed(JOB_KINDS)}")
    if not isinstance(given.get("account", ""), str):
        raise InvalidWish("`account` is the id of an account, a text")
    _check_times(given.get("times", 1))
    _check_numbers(given)
    _check_failures(given)
    return Wish({name: value for name, value in given.items() if value is not None})


def _check_times(times: object) -> None:
    if times != "always" and (type(times) is not int or times < 1):
        raise InvalidWish('`times` is a whole number from 1 on, or "always"')


def _check_numbers(given: Mapping[str, Any]) -> None:
    seconds = given.get("after_seconds", 0)
    if type(seconds) not in (int, float) or not 0 <= seconds <= _LONGEST_WISH_SECONDS:
        raise InvalidWish(f"`after_seconds` is a number from 0 to {_LONGEST_WISH_SECONDS:.0f}")
    reads = given.get("after_reads", 0)
    if type(reads) is not int or not 0 <= reads <= _MOST_READS:
        raise InvalidWish(f"`after_reads` is a whole number from 0 to {_MOST_READS}")
    speed = given.get("observed", 1)
    if type(speed) not in (int, float) or not 0 < speed < math.inf:
        raise InvalidWish("`observed` is how many times as quick as the real service, above 0")


def _check_failures(given: Mapping[str, Any]) -> None:
    fail, error = given.get("fail"), given.get("error")
    if fail is None and error is not None:
        raise InvalidWish("`error` needs `fail`, which says how many operations fail, or which")
    if fail is not None and given.get("cancelled"):
        raise InvalidWish("no operation of a cancelled job is applied: leave out `fail`")
    places = fail if isinstance(fail, list) else [0 if fail is None else fail]
    if any(type(each) not in (int, str) for each in places) or isinstance(fail, str):
        raise InvalidWish("`fail` is how many operations, or a list of their places or ids")
    if any(isinstance(each, int) and each < 0 for each in places):
        raise InvalidWish("`fail` counts from 0 on")
    if isinstance(error, dict):
        if not isinstance(error.get("detail"), str) or set(error) - {"detail", "pointer"}:
            raise InvalidWish("an `error` has a `detail`, and may have a `pointer`, both texts")
        if not isinstance(error.get("pointer", ""), str):
            raise InvalidWish("the `pointer` of an `error` is a text such as /attributes/title")
    elif error is not None and error not in ERRORS:
        raise InvalidWish(f"`error` is {_listed(ERRORS)}, or an object with a `detail`")


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(names)
