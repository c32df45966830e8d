"""The access log: one line for each request, on the same output as the log.

A thread makes the lines and writes them. The server must not wait for a terminal, nor pay a system
call for each request.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.catalog.operations import Shape
from backroom.cli.printable import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from backroom.api.admission import Admitted, Known
    from backroom.api.observer import Exchange
    from backroom.api.request import Answer
    from backroom.api.wire import Parts
    from backroom.catalog.operations import Operation

    Rare = tuple[str | Parts | None, tuple[str, str] | None, int | None]
    """The job, the code and detail of a refusal, and the number of a fault."""
    Said = tuple[
        float,
        str,
        str,
        str,
        str | None,
        int,
        float,
        str | None,
        str | None,
        Rare | None,
    ]
    """What a line says: time, id, method, target, operation, status, seconds, revision, account."""

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
_LONGEST = 200
"""Characters of a path or a reason that a person is shown."""
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
        self._is_some = self._some.is_set
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def write(self, make: Callable[[Any], str], value: Any) -> None:
        """Have a line written soon, which `make` makes of a value."""
        if len(self._waiting) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append((make, value))
        if not self._is_some():
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
            self._write_waiting()

    def _write_waiting(self) -> None:
        with suppress(OSError, ValueError):
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            lines = [make(value) for make, value in waiting]
            if self._dropped:
                lines.append(f"{self._dropped} requests were not logged: the output is too slow")
                self._dropped = 0
            self._stream.write("".join([f"{line}\n" for line in lines]))
            self._stream.flush()


class AccessLog:
    """Logs each request that is finished, as a line of JSON or as text.

    On the thread that serves it takes what the line says, and no more: the line is made where it is
    written.
    """

    def __init__(self, writer: LineWriter, *, as_json: bool) -> None:
        self._write = writer.write
        self._line = _json_line if as_json else _text_line

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Log a request."""
        known, operation = exchange.known, exchange.operation
        request, revision, access = known.request, known.revision, known.access
        fault, mishap = exchange.fault, exchange.mishap
        job = None if operation is None or fault is not None else _job_in(known, operation, answer)
        rare = None
        if job is not None or fault is not None or mishap is not None:
            reason = None if fault is None else (fault.code, fault.detail)
            rare = job, reason, None if mishap is None else mishap.number
        said = (
            clock.now_epoch(),
            request.request_id,
            request.method,
            request.target,
            None if operation is None else operation.name,
            answer.status,
            exchange.seconds,
            None if revision is None else revision.date,
            None if access is None else access.account,
            rare,
        )
        self._write(self._line, said)


def _job_in(known: Known | Admitted, operation: Operation, answer: Answer) -> str | Parts | None:
    """Give the id of the job that was asked for, or the answer in which that of a new one is."""
    if operation.shape is Shape.JOB_POST:
        return answer.parts
    if operation.shape is Shape.JOB_GET and known.path is not None:
        return known.path.resource_id
    return None


def _text_line(said: Said) -> str:
    at, _, method, target, operation, status, seconds, date, _, rare = said
    line = (
        f"{_second(int(at))[11:]} {status} {method:7} {operation or _short(target):42}"
        f" {date or '-':10} {seconds * 1000:9.2f} ms"
    )
    if rare is None:
        return line
    _, refused, fault = rare
    reasons = [] if fault is None else [f"fault {fault} was injected"]
    if refused is not None:
        reasons += refused
    return f"{line}  {_short(printable(': '.join(reasons)))}" if reasons else line


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _json_line(said: Said) -> str:
    at, request_id, method, target, operation, status, seconds, date, account, rare = said
    # A target is a URL in which all but ASCII is escaped, and so are quotation marks.
    line = (
        f'{{"timestamp":"{_second(int(at))}.{int(at % 1 * 1000):03}Z","level":"info",'
        f'"event":"request","request_id":"{request_id}","method":{_as_json(method)},'
        f'"path":"{target}","status":{status},"duration_ms":{seconds * 1000:.3f}'
        f"{_known_members(operation, date, account)}"
    )
    return f"{line}}}" if rare is None else f"{line}{_rare_members(*rare)}}}"


@lru_cache(16)
def _second(since_1970: int) -> str:
    return clock.moment_of(since_1970).isoformat()[:19]


@lru_cache(10_000)
def _known_members(operation: str | None, date: str | None, account: str | None) -> str:
    named = ("operation", operation), ("revision", date), ("tenant", account)
    return "".join(f',"{name}":{_as_json(value)}' for name, value in named if value is not None)


def _rare_members(
    job: str | Parts | None, refused: tuple[str, str] | None, fault: int | None
) -> str:
    line = ""
    job_id = None if job is None else _job_id(job)
    if job_id is not None:
        line += f',"job_id":{_as_json(job_id)}'
    if refused is not None:
        line += f',"reason":{_as_json(refused[1])}'
    if fault is not None:
        line += f',"fault":{fault}'
    return line


@lru_cache(1000)
def _as_json(text: str) -> str:
    return printable_json(msgspec.json.encode(text).decode())


def _job_id(job: str | Parts) -> str | None:
    if isinstance(job, str):
        return job
    found = _JOB_ID.search(b"".join(job))
    return found[1].decode() if found else None
