"""The access log: one line for each request, on the same output as the log.

A thread makes the lines and writes them. The server must not wait for a terminal, nor pay a system
call for each request.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock, events
from backroom.api.observer import Seen, operation_of
from backroom.catalog.operations import Shape
from backroom.cli.printable import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from backroom.api.observer import Exchange, SeenMembers
    from backroom.api.request import Answer
    from backroom.api.wire import Parts

log = logging.getLogger(__name__)

ACCESS_LOG_FIELDS = {
    "request_id": "The value of `X-Klaviyo-Req-Id` in the answer, and the `id` of an error.",
    "method": "The method of the request.",
    "path": "The path and the query, as the client sent them.",
    "operation": "The operation, if the request names one.",
    "status": "The status of the answer.",
    "duration_ms": "Milliseconds from the end of the head to the answer.",
    "revision": "The revision in the header of the request, if it exists.",
    "tenant": "The account that the key of the request opens.",
    "job_id": "The job that the request created or read.",
    "reason": "Why the server refused the request.",
    "fault": "The number of the fault that struck the request.",
}
"""What the line of a request has beside the fields of each line, with words for the reference."""

_MOST_WAITING = 10_000
"""Lines that wait for an output that is not read. More are counted, and left out."""
_GATHERING = 0.02
"""Seconds in which lines gather, to be written together."""
_LONGEST_PATH = 200
"""Characters of a path or a reason that a person is shown."""
_ACCEPTED_STATUS = HTTPStatus.ACCEPTED.value
_JOB_ID = re.compile(rb'"(?:job_)?id":"([0-9A-Z]{26})"')


class LineWriter:
    """Writes lines to an output, in a thread of its own, which also makes the lines.

    Lines that were written less than 20 ms before a process is killed are lost.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[tuple[Callable[[Any], str], Any]] = deque()
        self._dropped = 0
        self._some = threading.Event()
        self._sleeps = True
        """Whether the thread has to be woken for the next line."""
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def write(self, make: Callable[[Any], str], value: Any) -> None:
        """Have a line written soon, which `make` makes of a value."""
        if len(self._waiting) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append((make, value))
        if self._sleeps:
            self._sleeps = False
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
            # Before the lines are taken: one that comes later wakes it again.
            self._some.clear()
            self._sleeps = True
            self._write_waiting()

    def _write_waiting(self) -> None:
        with suppress(OSError, ValueError):
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            lines = [make(value) for make, value in waiting]
            self._stream.write("".join([f"{line}\n" for line in lines]))
            self._stream.flush()
            if self._dropped:
                # By the log, which knows the form of lines.
                dropped, self._dropped = self._dropped, 0
                log.warning(events.REQUESTS_NOT_LOGGED, dropped)


class AccessLog:
    """Logs each request that is finished, as a line of JSON or as text.

    On the thread that serves it takes what is remembered of the request, and no more: the line is
    made where it is written.
    """

    def __init__(self, writer: LineWriter, *, as_json: bool) -> None:
        self._write = writer.write
        self._line = _json_line if as_json else _text_line
        self._line_of_job = _json_line_of_job if as_json else _text_line_of_job

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Log a request."""
        seen = exchange.seen(answer)
        if answer.status == _ACCEPTED_STATUS:
            # The id of a new job is in the answer alone.
            self._write(self._line_of_job, (seen, answer.parts))
        else:
            self._write(self._line, seen)


def _text_line_of_job(made: tuple[SeenMembers, Parts]) -> str:
    return _text_line(made[0])


def _text_line(members: SeenMembers) -> str:
    seen = Seen._make(members)
    operation, date = seen.operation, "-" if seen.revision is None else seen.revision.date
    name = _short(seen.target) if operation is None else operation.name
    line = (
        f"{_second(int(seen.at))[11:]} {seen.status} {seen.method:7} {name:42}"
        f" {date:10} {seen.seconds * 1000:9.2f} ms"
    )
    reasons = [] if seen.mishap is None else [f"fault {seen.mishap.number} was injected"]
    if seen.fault is not None:
        reasons += [seen.fault.code, seen.fault.detail]
    return f"{line}  {_short(printable(': '.join(reasons)))}" if reasons else line


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PATH else f"{text[: _LONGEST_PATH - 1]}…"


def _json_line_of_job(made: tuple[SeenMembers, Parts]) -> str:
    seen, parts = made
    found = _JOB_ID.search(b"".join(parts))
    return _json_line(seen, found[1].decode() if found else None)


def _json_line(seen: SeenMembers, job_id: str | None = None) -> str:
    at, seconds, status, request_id, method, target, path, revision, access, fault, mishap = seen
    second = int(at)
    operation = operation_of(path, method)
    known = _known_members(
        None if operation is None else operation.name,
        None if revision is None else revision.date,
        None if access is None else access.account,
    )
    # A target is a URL in which all but ASCII is escaped, and so are quotation marks.
    line = (
        f'{{"timestamp":"{_second(second)}.{int((at - second) * 1000):03}Z","level":"info",'
        f'"event":"request","request_id":"{request_id}","method":{_as_json(method)},'
        f'"path":"{target}","status":{status},"duration_ms":{seconds * 1000:.3f}{known}'
    )
    if fault is not None:
        line += f',"reason":{_as_json(fault.detail)}'
    elif operation is not None and operation.shape is Shape.JOB_GET and path is not None:
        job_id = path.resource_id
    if job_id is not None:
        line += f',"job_id":{_as_json(job_id)}'
    return f"{line}}}" if mishap is None else f'{line},"fault":{mishap.number}}}'


@lru_cache(16)
def _second(since_1970: int) -> str:
    return clock.moment_of(since_1970).isoformat()[:19]


@lru_cache(10_000)
def _known_members(operation: str | None, date: str | None, account: str | None) -> str:
    named = ("operation", operation), ("revision", date), ("tenant", account)
    return "".join(f',"{name}":{_as_json(value)}' for name, value in named if value is not None)


@lru_cache(1000)
def _as_json(text: str) -> str:
    return printable_json(msgspec.json.encode(text).decode())
