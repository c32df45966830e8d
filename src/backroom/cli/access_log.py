"""The access log: one line for each request, on the same output as the log.

A thread writes the lines. The server must not wait for a terminal, nor pay a system call for
each request.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.catalog.operations import Shape
from backroom.cli.logs import json_line, rfc_3339
from backroom.cli.printable import printable

if TYPE_CHECKING:
    from typing import TextIO

    from backroom.api.observer import Exchange, Mishap
    from backroom.api.request import Answer

FIELDS = {
    "request_id": "The value of `X-Klaviyo-Req-Id` in the answer, and the `id` of an error.",
    "method": "The method.",
    "path": "The path and the query, as they were called.",
    "operation": "The operation, if the request names one.",
    "status": "The status of the answer.",
    "duration_ms": "Milliseconds from the end of the head to the answer.",
    "revision": "The revision that the request says, if it is one.",
    "tenant": "The account whose key was given.",
    "job_id": "The job that was accepted or asked for.",
    "reason": "Why the request was refused.",
    "fault": "The number of the fault that was injected.",
}
"""What the line of a request has beside the fields of each line, with words for the reference."""

_MOST_WAITING = 10_000
"""Lines that wait for an output that is not read. More are counted, and left out."""
_GATHERING = 0.02
"""Seconds in which lines gather, to be written together."""
_LONGEST = 200
"""Characters of a path or a reason that a person is shown."""
_JOB_ID = re.compile(rb'"(?:job_)?id":"([0-9A-Z]{26})"')


class LineWriter:
    """Writes lines to an output, in a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._some = threading.Event()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written soon."""
        if len(self._lines) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._lines.append(line)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what is left. An output that takes nothing is waited for a second."""
        self._ends = True
        self._some.set()
        self._thread.join(1)

    def _run(self) -> None:
        while not self._ends:
            self._some.wait()
            if not self._ends:
                time.sleep(_GATHERING)
            # Before the lines are taken: one that comes later sets it again.
            self._some.clear()
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            if self._dropped:
                lines.append(f"{self._dropped} requests were not logged: the output is too slow")
                self._dropped = 0
            with suppress(OSError, ValueError):
                self._stream.write("".join([f"{line}\n" for line in lines]))
                self._stream.flush()


class AccessLog:
    """Logs each request that is finished, as a line of JSON or as text."""

    def __init__(self, writer: LineWriter, *, as_json: bool) -> None:
        self._write = writer.write
        self._line = _json_line if as_json else _text_line

    def befalls(self, _: Exchange) -> Mishap | None:
        """Say that nothing befalls a request: a log has no effect."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Log a request."""
        self._write(self._line(exchange, answer))


def _text_line(exchange: Exchange, answer: Answer) -> str:
    known = exchange.known
    operation, revision = exchange.operation, known.revision
    asked = operation.name if operation is not None else _short(known.request.target)
    date = revision.date if revision is not None else "-"
    line = (
        f"{clock.now():%H:%M:%S} {answer.status} {known.request.method:7}"
        f" {asked:42} {date:10} {exchange.seconds * 1000:9.2f} ms"
    )
    reason = _reason(exchange)
    return f"{line}  {_short(printable(reason))}" if reason else line


def _reason(exchange: Exchange) -> str | None:
    injected = "" if exchange.mishap is None else f"fault {exchange.mishap.number} was injected"
    if exchange.fault is None:
        return injected or None
    reason = f"{exchange.fault.code}: {exchange.fault.detail}"
    return f"{injected}: {reason}" if injected else reason


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _json_line(exchange: Exchange, answer: Answer) -> str:
    known = exchange.known
    operation, revision, access = exchange.operation, known.revision, known.access
    members: dict[str, Any] = {
        "timestamp": rfc_3339(clock.now()),
        "level": "info",
        "event": "request",
        "request_id": known.request.request_id,
        "method": known.request.method,
        "path": known.request.target,
        "operation": operation.name if operation is not None else None,
        "status": answer.status,
        "duration_ms": round(exchange.seconds * 1000, 3),
        "revision": revision.date if revision is not None else None,
        "tenant": access.account if access is not None else None,
        "job_id": _job_id(exchange, answer),
        "reason": None if exchange.fault is None else exchange.fault.detail,
        "fault": None if exchange.mishap is None else exchange.mishap.number,
    }
    return json_line(members)


def _job_id(exchange: Exchange, answer: Answer) -> str | None:
    operation, path = exchange.operation, exchange.known.path
    if operation is None or path is None or exchange.fault is not None:
        return None
    if operation.shape is Shape.JOB_GET:
        return path.resource_id
    if operation.shape is Shape.JOB_POST:
        found = _JOB_ID.search(b"".join(answer.parts))
        return found[1].decode() if found else None
    return None
