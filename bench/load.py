"""The load generator: a process of its own, non-blocking sockets, a check of every answer.

Plans come in on standard input, what was taken goes out on standard output. Each connection asks
the questions of its stream again and again, one at a time, or once every `pace` seconds. The
process stays for further plans, so that a slice of a round costs no start of a program.
"""

from __future__ import annotations

import math
import re
import select
import socket
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from bench import cores

if TYPE_CHECKING:
    from collections.abc import Callable

    CarryOut = Callable[[], "Taken"]

_ROOT = Path(__file__).parents[1]
_CHUNK = 1 << 20
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_SILENCE_SECONDS = 30.0
_NONE = b"\0"
"""What no answer begins or ends with."""
_PARSE_EVERY = 20
"""Every so many answers of a connection one is parsed, where its bytes aren't known before."""


class Question(msgspec.Struct):
    """A request as it goes over the wire, and what its answer must be.

    `body` is the answer's body, byte for byte, or None where it can't be known; `holds` has what
    its JSON must hold then, by the way to it, as `data.attributes.total_count`.
    """

    request: bytes
    status: int = 200
    body: bytes | None = None
    length: int | None = None
    holds: dict[str, Any] = {}


class Plan(msgspec.Struct):
    """What to ask: a stream of questions for each connection, or for each of `connections`.

    `process` is the server whose processor time is taken, `others` are processes that work for it.
    The asking ends after `seconds`, or where there is a `most` after so many answers of each
    connection.
    """

    port: int
    streams: list[list[Question]]
    process: int = 0
    seconds: float = 1.0
    warm_seconds: float = 0.03
    most: int | None = None
    pace: float = 0.0
    timed: bool = False
    """Whether to keep when each question was asked, and how long its answer took."""
    connections: int = 1
    others: list[int] = []

    def server_used(self) -> float:
        """Give the seconds of processor time that the server and its helpers have used."""
        return sum(map(cores.used, [self.process, *self.others]))


class Taken(msgspec.Struct):
    """What was measured. `asked` has moments of the monotonic clock."""

    answers: int
    seconds: float
    server_computing: float
    own_computing: float
    asked: list[float]
    latencies: list[float]


class WrongAnswer(Exception):
    """An answer that was timed is not what it has to be."""


class _Connection:
    """One kept-open connection and the question that it waits for."""

    def __init__(self, port: int, stream: list[Question]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(0)
        self._stream = cycle(stream)
        self._question = stream[0]
        self._body: bytes | None = None
        self._beginning = self._tail = _NONE
        self._parts: list[bytes] = []
        self._missing = -1
        self.answers = 0
        self.asked = 0.0

    def ask(self) -> None:
        """Send the next question."""
        self._question = question = next(self._stream)
        if question.body is None:
            self._beginning, self._tail = _NONE, _NONE
        elif question.body is not self._body:
            self._body = question.body
            self._beginning = f"HTTP/1.1 {question.status}".encode()
            self._tail = b"\r\n\r\n" + question.body
        self.asked = time.monotonic()
        sent = self.socket.send(question.request)
        if sent < len(question.request):
            self.socket.settimeout(_SILENCE_SECONDS)
            self.socket.sendall(question.request[sent:])
            self.socket.settimeout(0)

    def receive(self) -> bool:
        """Take what has come. True when the answer is whole; it is right, then."""
        data = self.socket.recv(_CHUNK)
        if data.endswith(self._tail) and data.startswith(self._beginning):
            # Whole and right at once, as nearly all are where the bytes are known before.
            self.answers += 1
            return True
        if not data:
            raise WrongAnswer(f"hung up after {b''.join(self._parts)[:500]!r}")
        if self._missing < 0:
            if self._parts:
                data = b"".join([*self._parts, data])
                self._parts.clear()
            self._missing = _missing(data)
        else:
            self._missing -= len(data)
        self._parts.append(data)
        if self._missing != 0:
            return False
        self._missing = -1
        answer = data if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self.answers += 1
        self._check(answer)
        return True

    def _check(self, answer: bytes) -> None:
        question = self._question
        head, _, body = answer.partition(b"\r\n\r\n")
        if int(head[9:12]) != question.status:
            raise WrongAnswer(f"status {head[9:12]!r}, not {question.status}: {body[:500]!r}")
        if question.body is not None:
            if body != question.body:
                raise WrongAnswer(f"another body than expected: {body[:500]!r}")
            return
        if question.length is not None and len(body) != question.length:
            raise WrongAnswer(f"{len(body)} bytes, not {question.length}: {body[:500]!r}")
        if self.answers % _PARSE_EVERY == 1 and question.holds:
            if _CHUNKED.search(head):
                body = _whole(body)
            document = msgspec.json.decode(body)
            for way, value in question.holds.items():
                if found(document, way) != value:
                    raise WrongAnswer(f"{way} is {found(document, way)!r}, not {value!r}")


def found(document: Any, way: str) -> Any:
    """Give what a document holds at the end of a way; `#` stands for how many there are."""
    for step in way.split("."):
        if step == "#":
            return len(document)
        document = document[int(step) if isinstance(document, list) else step]
    return document


def _missing(data: bytes) -> int:
    """Give how many bytes of an answer are still to come; -1 where that is not known yet."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return -1
    length = _LENGTH.search(data, 0, end)
    if length:
        return int(length[1]) - (len(data) - end - 4)
    if _CHUNKED.search(data, 0, end):
        return 0 if data.endswith(b"0\r\n\r\n") else -1
    raise WrongAnswer(f"an answer that does not say how long it is: {data[:end]!r}")


def _whole(body: bytes) -> bytes:
    """Put chunks together."""
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        parts.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return b"".join(parts)


class _Asking:
    """Several connections, asking at the same time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._connections = {
            each.socket.fileno(): each
            for each in (_Connection(plan.port, s) for s in plan.streams * plan.connections)
        }
        self._poll = _poller(list(self._connections))
        self.asked: list[float] = []
        self.latencies: list[float] = []

    def go(self, seconds: float, most: int | None) -> int:
        """Ask for some seconds, or so many times on each connection; give how many answers came."""
        if self._plan.pace:
            return self._go_at_pace(seconds)
        end = time.monotonic() + seconds if most is None else math.inf
        before = {fileno: each.answers for fileno, each in self._connections.items()}
        waiting, timed = len(self._connections), self._plan.timed
        for each in self._connections.values():
            each.ask()
        while waiting:
            for fileno, _ in self._ready(_SILENCE_SECONDS):
                connection = self._connections[fileno]
                if not connection.receive():
                    continue
                if timed:
                    self._note(connection)
                done = most is not None and connection.answers - before[fileno] >= most
                if done or time.monotonic() >= end:
                    waiting -= 1
                else:
                    connection.ask()
        return sum(each.answers - before[at] for at, each in self._connections.items())

    def _go_at_pace(self, seconds: float) -> int:
        began = time.monotonic()
        pace = self._plan.pace
        answers, waiting = 0, 0
        # One connection after the other, so that questions don't meet more than they must.
        due = {
            fileno: began + place * pace / len(self._connections)
            for place, fileno in enumerate(self._connections)
        }
        while due or waiting:
            now = time.monotonic()
            for fileno in [each for each, moment in due.items() if moment <= now]:
                del due[fileno]
                self._connections[fileno].ask()
                waiting += 1
            pause = max(0.0, min(due.values()) - now) if due else _SILENCE_SECONDS
            for fileno, _ in self._ready(pause, silent=bool(due)):
                connection = self._connections[fileno]
                if connection.receive():
                    if self._plan.timed:
                        self._note(connection)
                    waiting -= 1
                    answers += 1
                    following = connection.asked + pace
                    if following < began + seconds:
                        due[fileno] = following
        return answers

    def _ready(self, seconds: float, *, silent: bool = False) -> list[tuple[int, int]]:
        events: list[tuple[int, int]] = self._poll(seconds)
        if not events and not silent:
            raise WrongAnswer(f"no answer for {seconds:g} seconds")
        return events

    def _note(self, connection: _Connection) -> None:
        self.latencies.append(time.monotonic() - connection.asked)
        self.asked.append(connection.asked)

    def close(self) -> None:
        """Hang up."""
        for each in self._connections.values():
            each.socket.close()


def _poller(filenos: list[int]) -> Any:
    """Give what waits for sockets: as `epoll` does where there is one, else as `poll`."""
    if hasattr(select, "epoll"):
        fast = select.epoll()
        for each in filenos:
            fast.register(each, select.EPOLLIN)
        return fast.poll
    slow = select.poll()
    for each in filenos:
        slow.register(each, select.POLLIN)
    return lambda seconds: slow.poll(1000 * seconds)


def taken(plan: Plan) -> Taken:
    """Carry out a plan in this process."""
    with closing(_Asking(plan)) as asking:
        if plan.warm_seconds and plan.most is None:
            asking.go(plan.warm_seconds, None)
            asking.asked.clear()
            asking.latencies.clear()
        server, watch = plan.server_used(), cores.Watch()
        answers = asking.go(plan.seconds, plan.most)
        return Taken(
            answers,
            watch.seconds,
            plan.server_used() - server,
            watch.computing,
            asking.asked,
            asking.latencies,
        )


class _Reply(msgspec.Struct):
    taken: Taken | None = None
    fault: str = ""


class _Generator:
    """The process, and the plans that it has already."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.load"]
        self.process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._plans = 0

    def take(self, plan: Plan) -> int:
        """Hand a plan over and give its number."""
        self._send(msgspec.msgpack.encode(plan))
        self._plans += 1
        return self._plans - 1

    def carry_out(self, number: int) -> Taken:
        """Carry a plan out, once more."""
        self._send(msgspec.msgpack.encode(number))
        assert self.process.stdout is not None
        reply = msgspec.msgpack.decode(_frame(self.process.stdout), type=_Reply)
        if reply.taken is None:
            raise WrongAnswer(reply.fault)
        return reply.taken

    def _send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(len(data).to_bytes(_SIZE_BYTES) + data)
        self.process.stdin.flush()

    def end(self) -> None:
        """Let the process end, and with it forget all plans."""
        self.process.communicate()


_SIZE_BYTES = 8
_generators: list[_Generator] = []
"""The one that is running, or none."""


def _frame(stream: IO[bytes]) -> bytes:
    size = int.from_bytes(stream.read(_SIZE_BYTES))
    return stream.read(size)


def prepared(plan: Plan) -> CarryOut:
    """Hand a plan to the process, on the core for it, and give what carries it out."""
    if not _generators:
        _generators.append(_Generator())
    generator = _generators[0]
    return partial(generator.carry_out, generator.take(plan))


def run(plan: Plan) -> Taken:
    """Carry out a plan once."""
    return prepared(plan)()


def ended() -> None:
    """End the process; the next plan starts another."""
    while _generators:
        _generators.pop().end()


def main() -> None:
    """Take plans, and carry out each as often as its number comes."""
    cores.pin(cores.LOAD)
    plans: list[Plan] = []
    while data := _frame(sys.stdin.buffer):
        order = msgspec.msgpack.decode(data, type=Plan | int)
        if isinstance(order, Plan):
            plans.append(order)
            continue
        try:
            reply = _Reply(taken(plans[order]))
        except (WrongAnswer, OSError) as fault:
            reply = _Reply(fault=f"{type(fault).__name__}: {fault}")
        encoded = msgspec.msgpack.encode(reply)
        sys.stdout.buffer.write(len(encoded).to_bytes(_SIZE_BYTES) + encoded)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
