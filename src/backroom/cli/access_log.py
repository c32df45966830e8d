"""The access log: one line for each request, on the same output as the log.

A thread writes the lines. The server must not wait for a terminal, nor pay a system call for each
request. Lines are made many at once, which takes a third of the time that it takes to make each by
itself between two requests.
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
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom import clock, events
from backroom.api.observer import asked_operation
from backroom.catalog.operations import Shape
from backroom.cli.printable import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from backroom.api.observer import Exchange, SeenMembers
    from backroom.api.request import Answer
    from backroom.api.routes import Path
    from backroom.api.wire import Parts
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.keys import Access

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

_MOST_UNWRITTEN = 10_000
"""Lines that wait for an output that is not read. More are counted, and left out."""
_MADE_TOGETHER = 64
"""So many lines do not wait for the thread."""
_GATHERING = 0.02
"""Seconds in which lines gather, to be written together."""
_LONGEST_PATH = 200
"""Characters of a path or a reason that a person is shown."""
_ACCEPTED_STATUS = HTTPStatus.ACCEPTED.value
_MILLISECONDS = [f"{each:03}" for each in range(1000)]
_JOB_ID = re.compile(rb'"(?:job_)?id":"([0-9A-Z]{26})"')


class LineWriter:
    """Writes lines to an output, in a thread of its own. They keep their order.

    Lines that were written less than 20 ms before a process is killed are lost.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[tuple[Callable[[Any], str], Any]] = deque()
        self._made: deque[tuple[int, str]] = deque()
        """Lines that were made, and how many."""
        self._unwritten = self._dropped = 0
        self._making = threading.Lock()
        self._some = threading.Event()
        self._sleeps = True
        """Whether the thread has to be woken for the next line."""
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def write(self, make: Callable[[Any], str], value: Any) -> None:
        """Have a line written soon, which `make` makes of a value."""
        waiting = self._waiting
        waiting.append((make, value))
        if len(waiting) >= _MADE_TOGETHER:
            # A line that can't be made must not cost a request its answer.
            with suppress(ValueError):
                self._make_lines()
        elif self._sleeps:
            self._sleeps = False
            self._some.set()

    def close(self) -> None:
        """Write what is left. An output that takes nothing is waited for a second."""
        self._ends = True
        self._some.set()
        self._thread.join(1)

    def _make_lines(self) -> None:
        """Make the lines of all that waits. Two threads may want that at the same time."""
        with self._making:
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if self._unwritten >= _MOST_UNWRITTEN:
                self._dropped += len(waiting)
                return
            lines = [make(value) for make, value in waiting]
            self._unwritten += len(lines)
            self._made.append((len(lines), "".join([f"{line}\n" for line in lines])))

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
            self._make_lines()
            while self._made:
                count, text = self._made.popleft()
                with self._making:
                    self._unwritten -= count
                self._stream.write(text)
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


class _Common(NamedTuple):
    """What the lines of many requests have in common.

    `aligned` has the columns of the text after the status, None where the target stands among them.
    `before` is the JSON before the path, and `after` what is said of operation, revision and
    account.
    """

    aligned: str | None
    before: str
    after: str
    names_job: bool


_commons: dict[tuple[Any, ...], _Common] = {}
_MOST_COMMONS = 10_000


def _common_to(
    method: str, path: Path | None, revision: Revision | None, access: Access | None
) -> _Common:
    # The operations of a path are one table, which stays as long as the program.
    key = (
        method,
        None if path is None else id(path.operations),
        None if revision is None else revision.date,
        None if access is None else access.account,
    )
    common = _commons.get(key)
    if common is None:
        if len(_commons) >= _MOST_COMMONS:
            # Clients may invent methods.
            _commons.clear()
        common = _commons[key] = _new_common(asked_operation(path, method), *key)
    return common


def _new_common(
    operation: Operation | None, method: str, _: object, date: str | None, account: str | None
) -> _Common:
    name = None if operation is None else operation.name
    named = ("operation", name), ("revision", date), ("tenant", account)
    return _Common(
        None if name is None else f"{method:7} {name:42} {date or '-':10}",
        f'","method":{_as_json(method)},"path":"',
        "".join(f',"{name}":{_as_json(value)}' for name, value in named if value is not None),
        operation is not None and operation.shape is Shape.JOB_GET,
    )


def _text_line_of_job(made: tuple[SeenMembers, Parts]) -> str:
    return _text_line(made[0])


def _text_line(seen: SeenMembers) -> str:
    at, seconds, status, _, method, target, path, revision, access, fault, mishap = seen
    aligned = _common_to(method, path, revision, access).aligned
    if aligned is None:
        aligned = f"{method:7} {_short(target):42} {'-' if revision is None else revision.date:10}"
    line = f"{_second(int(at))[11:]} {status} {aligned} {seconds * 1000:9.2f} ms"
    reasons = [] if mishap is None else [f"fault {mishap.number} was injected"]
    if fault is not None:
        reasons += [fault.code, fault.detail]
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
    common = _common_to(method, path, revision, access)
    # A target is a URL in which all but ASCII is escaped, and so are quotation marks.
    line = (
        f'{{"timestamp":"{_second(second)}.{_MILLISECONDS[int((at - second) * 1000)]}Z",'
        f'"level":"info","event":"request","request_id":"{request_id}{common.before}{target}",'
        f'"status":{status},"duration_ms":{seconds * 1000:.3f}{common.after}'
    )
    if fault is not None:
        line += f',"reason":{_as_json(fault.detail)}'
    elif common.names_job and path is not None:
        job_id = path.resource_id
    if job_id is not None:
        line += f',"job_id":{_as_json(job_id)}'
    return f"{line}}}" if mishap is None else f'{line},"fault":{mishap.number}}}'


@lru_cache(16)
def _second(since_1970: int) -> str:
    return clock.moment_of(since_1970).isoformat()[:19]


@lru_cache(1000)
def _as_json(text: str) -> str:
    return printable_json(msgspec.json.encode(text).decode())
