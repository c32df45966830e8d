"""What a test asks for its account: faults of requests, and wishes for the pace of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.control.route import Call


class NeverUsed(UserWarning):
    """A fault or a wish of a test that nothing has met: the test proves less than it seems to."""


class FaultMembers(TypedDict, total=False):
    """The members of a fault; the page on injecting faults says what each of them does."""

    operation: str
    method: str
    path: str
    revision: str
    nth: int
    probability: float
    seed: int
    times: int
    status: int
    code: str
    title: str
    detail: str
    retry_after: int
    form: Literal["long", "short"]
    delay: float | tuple[float, float]
    damage: Literal["reset", "empty", "truncated", "malformed", "drip"]
    piece: int
    pause: float
    after: bool


class WishMembers(TypedDict, total=False):
    """The members of a wish; the page on time and pace says what each of them does."""

    type: str
    times: int | Literal["always"]
    after_seconds: float
    after_reads: int
    stay: bool
    never: bool
    observed: float
    queued: bool
    early_counts: bool
    cancelled: bool
    fail: int | list[int | str]
    error: str | dict[str, str]


class AddedWish:
    """A fault or a wish that was added."""

    def __init__(self, wishes: _Wishes, number: int, given: Mapping[str, Any]) -> None:
        self._wishes = wishes
        self.number = number
        self.given = given

    @property
    def used(self) -> int:
        """How many requests the fault has struck, or how many jobs have taken the wish."""
        return int(self._wishes.shown(self.number)["used"])

    def remove(self) -> None:
        """Remove it. Jobs that a wish holds go on."""
        self._wishes.remove(self.number)

    def __repr__(self) -> str:
        return f"{self._wishes.word} {self.number} {dict(self.given)}"


class _Wishes:
    """What faults and wishes have in common: they are added, listed and removed by number."""

    word = ""
    path = ""
    list_member = ""
    number_member = ""

    def __init__(self, call: Call, account: str) -> None:
        self._call = call
        self._account = account

    def _add(self, members: Mapping[str, Any]) -> AddedWish:
        made = self._call("POST", self.path, {**members, "account": self._account})
        return AddedWish(self, made[self.number_member], members)

    def shown(self, number: int) -> dict[str, Any]:
        """Give one of them with all its members. Raises `LookupError` if it was removed."""
        for each in self._listed():
            if each[self.number_member] == number:
                return each
        raise LookupError(f"{self.word} {number} was removed")

    def _listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", self.path)[self.list_member]
        return [each for each in found if each.get("account") == self._account]

    def all(self) -> list[AddedWish]:
        """Give those of this account in the order in which they were added, the used ones too."""
        return [self._added(each) for each in self._listed()]

    def unused(self) -> list[AddedWish]:
        """Give those that were never used."""
        return [self._added(each) for each in self._listed() if not each["used"]]

    def _added(self, shown: dict[str, Any]) -> AddedWish:
        own = {self.number_member, "account", "seen", "used", "used_up"}
        members = {name: value for name, value in shown.items() if name not in own}
        return AddedWish(self, shown[self.number_member], members)

    def remove(self, number: int) -> None:
        """Remove one of them by its number."""
        self._call("DELETE", f"{self.path}/{number}")

    def clear(self) -> None:
        """Remove all of this account."""
        for each in self._listed():
            self.remove(each[self.number_member])


class AccountFaults(_Wishes):
    """The faults that strike the requests of an account."""

    word = "fault"
    path = "/faults"
    list_member = "faults"
    number_member = "number"

    def add(self, **fault: Unpack[FaultMembers]) -> AddedWish:
        """Add a fault after the existing ones. It strikes once, unless `times` is given.

        Raises `ControlError` for a fault that can't be injected.
        """
        return self._add(fault)


class AccountPace(_Wishes):
    """The wishes for the jobs of an account."""

    word = "wish"
    path = "/pace"
    list_member = "wishes"
    number_member = "id"

    def add(self, **wish: Unpack[WishMembers]) -> AddedWish:
        """Add a wish for the next job of the account, or for as many as `times` says.

        Raises `ControlError` for a wish that is not possible.
        """
        return self._add(wish)

    def release(self, job: str | None = None) -> list[str]:
        """Release the jobs that stay: all of the account, or one. Give their ids.

        Jobs that never finish stay, unless they are named.
        """
        given = {"account": self._account} if job is None else {"job": job}
        released: list[str] = self._call("POST", "/pace/release", given)["released"]
        return released
