"""Clients that hold every answer against what an API may say while its database is away."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import HTTPError

from support.client import Client

if TYPE_CHECKING:
    from support.client import Answer

MOST_SECONDS = 10.0


@dataclass
class Witness:
    """What was answered, by status; how long the slowest took, and how many never came."""

    answered: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    broken: int = 0
    wrong: list[Any] = field(default_factory=list)

    def see(self, answer: Answer, seconds: float) -> None:
        self.answered[answer.status] += 1
        self.slowest = max(self.slowest, seconds)
        if not _is_right(answer):
            self.wrong.append((answer.status, dict(answer.headers), answer.body))

    def hold_all_answered(self) -> None:
        """Every request was answered, in time, and some that the store was away."""
        assert (self.wrong, self.broken) == ([], 0)
        assert self.slowest < MOST_SECONDS
        assert self.answered[503] > 0


def _is_right(answer: Answer) -> bool:
    if answer.status != 503:
        return answer.status in {200, 202, 429}
    error = answer.error
    return (
        int(answer.headers["Retry-After"]) >= 1
        and answer.headers["Content-Type"] == "application/vnd.api+json"
        and (error["code"], error["status"]) == ("service_unavailable", 503)
    )


class WatchedClient(Client):
    """A client whose answers a witness sees."""

    def __init__(self, url: str, key: str, witness: Witness) -> None:
        super().__init__(url, key)
        self._witness = witness

    def request(self, *arguments: Any, **more: Any) -> Answer:
        began = time.monotonic()
        try:
            answer = super().request(*arguments, **more)
        except HTTPError:
            self._witness.broken += 1
            raise
        self._witness.see(answer, time.monotonic() - began)
        return answer
