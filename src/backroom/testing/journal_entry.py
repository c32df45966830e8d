"""One request of the journal. What it says is worked out when somebody reads it, without keys."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom import clock
from backroom.api.observer import Seen
from backroom.testing.near import near

if TYPE_CHECKING:
    from datetime import datetime

    from backroom.api.observer import Exchange, SeenMembers
    from backroom.api.wire import Parts
    from backroom.errors import Fault

LONGEST_BODY = 256 * 1024
"""Bytes of one body; what is beyond is cut."""
OVERHEAD = 1_000
"""Bytes that a request takes beside its bodies, roughly."""
_KEY_IN_TEXT = re.compile(r"pk_[\w-]+")


def redacted(text: str) -> str:
    """Give a text without the keys in it."""
    return _KEY_IN_TEXT.sub("pk_***", text)


def _scheme_of(authorization: bytes | None) -> str | None:
    """Give an `Authorization` header without its secret."""
    if authorization is None:
        return None
    scheme, blank, secret = authorization.decode("latin-1").partition(" ")
    if not blank:
        return "***"
    return f"{scheme} {'pk_' if secret.startswith('pk_') else ''}***"


class Body:
    """A body as the journal has it: in parts, cut at `LONGEST_BODY`. `length` is that of all."""

    def __init__(self, parts: Parts, length: int) -> None:
        self.length = length
        self._parts = parts

    @cached_property
    def text(self) -> str:
        """What is kept of it, as text without keys."""
        return redacted(b"".join(self._parts).decode("utf-8", "replace"))

    @cached_property
    def document(self) -> Any:
        """The body as JSON, or None if it is not JSON, or was cut."""
        try:
            return msgspec.json.decode(self.text)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None

    def shown(self) -> Any:
        """Give the body as it is shown: a document, or a text if it is not JSON, None if empty."""
        return None if not self.length else self.document or self.text


class NotedRequest(NamedTuple):
    """What a journal keeps of each request before anybody reads it.

    `before` is about how many bytes all earlier requests took. `parts` are those of the answer.
    `length` and `body_length` are those of the whole bodies. `refused` is None unless the request
    was refused.
    """

    number: int
    before: int
    seen: SeenMembers
    authorization: bytes | None
    body: bytes
    parts: Parts
    body_length: int
    length: int
    refused: Exchange | None


class JournalEntry:
    """One request of the journal, with its answer."""

    def __init__(self, note: NotedRequest) -> None:
        self.number = note.number
        self._note = note
        self._seen = Seen(*note.seen)

    @property
    def at(self) -> datetime:
        """When it was answered."""
        return clock.moment_of(self._seen.at)

    @property
    def request_id(self) -> str:
        """The id of the request, which its answer has."""
        return self._seen.request_id

    @cached_property
    def body(self) -> Body:
        """The body of the request."""
        return Body([self._note.body], self._note.body_length)

    @cached_property
    def answer(self) -> Body:
        """The body of the answer."""
        return Body(self._note.parts, self._note.length)

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._seen.status

    @property
    def method(self) -> str:
        """The method."""
        return self._seen.method

    @cached_property
    def path(self) -> str:
        """The path and the query."""
        return redacted(self._seen.target)

    @property
    def operation(self) -> str | None:
        """The name of the operation, if there is one."""
        operation = self._seen.operation
        return None if operation is None else operation.name

    @property
    def revision(self) -> str | None:
        """The revision that was asked for, if it is known."""
        revision = self._seen.revision
        return None if revision is None else revision.date

    @property
    def account(self) -> str | None:
        """The account whose key was given."""
        access = self._seen.access
        return None if access is None else access.account

    @property
    def milliseconds(self) -> float:
        """How long the answer took."""
        return round(self._seen.seconds * 1000, 3)

    @property
    def fault(self) -> int | None:
        """The number of the fault that was injected, if one was."""
        mishap = self._seen.mishap
        return None if mishap is None else mishap.number

    @property
    def refusal(self) -> Fault | None:
        """Why it was refused."""
        return self._seen.fault

    @property
    def reason(self) -> str | None:
        """Why it was refused, in the words of the answer, without keys."""
        return None if self.refusal is None else redacted(self.refusal.detail)

    @cached_property
    def near(self) -> str | None:
        """What a refused request came near to."""
        refused = self._note.refused
        # A body that was cut would be refused by every revision.
        cut = self.body.length > LONGEST_BODY
        found = None if refused is None or cut else near(refused)
        return None if found is None else redacted(found)

    def as_json(self) -> dict[str, Any]:
        """Give all of it as JSON."""
        return {
            "number": self.number,
            "at": clock.timestamp(self.at),
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "revision": self.revision,
            "account": self.account,
            "authorization": _scheme_of(self._note.authorization),
            "status": self.status,
            "milliseconds": self.milliseconds,
            "reason": self.reason,
            "near": self.near,
            "fault": self.fault,
            "body": self.body.shown(),
            "answer": self.answer.shown(),
            "cut": max(self.body.length, self.answer.length) > LONGEST_BODY,
        }
