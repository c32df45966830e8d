"""What the code under test has sent with the key of an account, and what it was answered."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from backroom.control.route import ControlError, given_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backroom.control.route import Call

_TIMED_OUT = 408


class WantedMembers(TypedDict, total=False):
    """Which requests are meant, beside those of an operation.

    `path` is a pattern with `*`, without the query. `status` is a number or a class such as `4xx`.
    `body` and `answer` have values by their paths into JSON: `{"$.data.type": "catalog-item"}`.
    """

    method: str
    path: str
    status: int | str
    revision: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]


def _given(operation: str | None, wanted: WantedMembers) -> dict[str, Any]:
    return given_members(operation=operation, **wanted)


@dataclass(frozen=True)
class SentRequest:
    """One request with its answer, as the journal has it. Keys are replaced by `***`.

    `path` has the query too. `body` and `answer` are JSON values, or texts if they are not JSON.
    `account`, `operation` and `revision` are None if the request names none. `reason` says why the
    server refused it, and `near` what is similar and right. `fault` is the number of the fault that
    struck it. `cut` says whether a body was too long to be kept whole.
    """

    number: int
    at: str
    method: str
    path: str
    operation: str | None
    revision: str | None
    account: str | None
    status: int
    milliseconds: float
    reason: str | None
    near: str | None
    fault: int | None
    body: Any
    answer: Any
    cut: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> SentRequest:
        """Make one of the control API's document of it."""
        return cls(**{each.name: document[each.name] for each in fields(cls)})


class AccountRequests:
    """The requests of an account, the oldest first.

    Requests without a known account are among them, because a test may look for a wrong key or
    path. Any program that called the server in this time may have sent those.
    """

    def __init__(self, call: Call, account: str) -> None:
        self._call = call
        self._account = account
        self._since = 0
        self.clear()

    def clear(self) -> None:
        """Forget the requests so far. Other accounts keep theirs."""
        last = self._call("GET", "/requests", None, {"limit": "1"})["requests"]
        self._since = last[-1]["number"] if last else self._since

    def find(
        self, operation: str | None = None, **wanted: Unpack[WantedMembers]
    ) -> list[SentRequest]:
        """Give the requests that match all conditions."""
        return self._own(self._waited(_given(operation, wanted), 0, 0.0))

    def count(self, operation: str | None = None, **wanted: Unpack[WantedMembers]) -> int:
        """Give how many requests `find` would give."""
        return len(self.find(operation, **wanted))

    def last(self, operation: str | None = None, **wanted: Unpack[WantedMembers]) -> SentRequest:
        """Give the last request that `find` would give. Raises `LookupError` if there is none."""
        found = self.find(operation, **wanted)
        if not found:
            raise LookupError(f"no such request came; these came: {self._came()}")
        return found[-1]

    def _came(self) -> str:
        return ", ".join(f"{each.method} {each.path} {each.status}" for each in self) or "none"

    def wait(
        self,
        operation: str | None = None,
        count: int = 1,
        timeout: float = 10.0,
        **wanted: Unpack[WantedMembers],
    ) -> list[SentRequest]:
        """Wait until there are `count` requests that `find` would give, and give them.

        Raises `TimeoutError` after `timeout` seconds, which says what came instead.
        """
        given = _given(operation, wanted)
        end = time.monotonic() + timeout
        needed = count
        while True:
            found = self._waited(given, needed, max(0.0, end - time.monotonic()))
            own = self._own(found)
            if len(own) >= count:
                return own
            # Those of other accounts don't count.
            needed = len(found) + count - len(own)
            if time.monotonic() >= end:
                raise TimeoutError(
                    f"{len(own)} of {count} requests came in {timeout:g} s;"
                    f" these came: {self._came()}"
                )

    def _waited(self, given: Mapping[str, Any], count: int, seconds: float) -> list[dict[str, Any]]:
        asked = {**given, "since": self._since, "count": count, "timeout": seconds}
        try:
            found: list[dict[str, Any]] = self._call("POST", "/requests/wait", asked)["requests"]
        except ControlError as error:
            if error.status != _TIMED_OUT:
                raise
            # The requests that came.
            return self._waited(given, 0, 0.0)
        return found

    def _own(self, found: list[dict[str, Any]]) -> list[SentRequest]:
        return [SentRequest.of(each) for each in found if each["account"] in {None, self._account}]

    def __iter__(self) -> Iterator[SentRequest]:
        return iter(self.find())

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        """Whether any request came."""
        return self.count() > 0
