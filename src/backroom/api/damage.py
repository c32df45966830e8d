"""Answers that are damaged on the wire on purpose: cut, dripping, or not sent at all.

Event-loop code. The server closes the connection after a damaged answer. Over ASGI there is no way
to reset a connection or to send nothing: there the head of the answer goes out, and no byte of its
body.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from backroom.api.request import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any


class Harm(StrEnum):
    """The kinds of damage to an answer."""

    RESET = "reset"
    """The connection is reset, and nothing is sent."""
    EMPTY = "empty"
    """The connection is closed, and nothing is sent."""
    TRUNCATED = "truncated"
    """The connection is closed within the body."""
    MALFORMED = "malformed"
    """The body has its length, but is no JSON."""
    DRIP = "drip"
    """The body comes in small pieces."""


NOTHING_SENT = frozenset({Harm.RESET, Harm.EMPTY})


class Damage(NamedTuple):
    """How an answer is damaged. `piece` is in bytes, `pause` in seconds between two pieces."""

    harm: Harm
    piece: int = 16
    pause: float = 0.1


_NOTHING_AT_ALL = Damage(Harm.EMPTY)


@dataclass(frozen=True, slots=True)
class DamagedAnswer(Answer):
    """An answer that goes out with its damage."""

    damage: Damage = _NOTHING_AT_ALL


def damaged(answer: Answer, damage: Damage) -> Answer:
    """Give an answer with a damage."""
    if damage.harm is Harm.MALFORMED:
        return Answer(answer.status, _no_json(answer), answer.headers, answer.usual)
    return DamagedAnswer(answer.status, answer.parts, answer.headers, answer.usual, damage)


def _no_json(answer: Answer) -> list[bytes]:
    """Give a body of the same length that ends in the middle of a name."""
    body = b"".join(answer.parts)
    return [(body[: len(body) // 2] + b'{"' + b"x" * len(body))[: len(body)]]


def _cut(head: bytes, body: bytes) -> bytes:
    """Give what is sent of an answer that is cut: half of its body, or of its head without one."""
    return head + body[: len(body) // 2] if body else head[: len(head) // 2]


def write(
    transport: asyncio.Transport, head: bytes, body: bytes, damage: Damage, end: Callable[[], None]
) -> None:
    """Write what is sent of an answer, now or later, and then call `end`."""
    match damage.harm:
        case Harm.RESET:
            _reset(transport)
        case Harm.DRIP:
            transport.write(head)
            _drip(transport, memoryview(body), damage, end)
        case Harm.TRUNCATED:
            transport.write(_cut(head, body))
            end()
        case _:
            end()


def _reset(transport: asyncio.Transport) -> None:
    held = transport.get_extra_info("socket")
    if held is not None and held.family in {socket.AF_INET, socket.AF_INET6}:
        # To linger for no time at all sends RST in place of FIN.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _drip(
    transport: asyncio.Transport, left: memoryview, damage: Damage, end: Callable[[], None]
) -> None:
    if transport.is_closing():
        return
    if not left:
        end()
        return
    transport.write(bytes(left[: damage.piece]))
    rest = left[damage.piece :]
    loop = asyncio.get_running_loop()
    loop.call_later(damage.pause, _drip, transport, rest, damage, end)


async def send_over_asgi(
    answer: DamagedAnswer, send: Callable[[MutableMapping[str, Any]], Awaitable[None]]
) -> None:
    """Send the body of an answer whose head is sent. Less than its length closes the connection."""
    damage, body = answer.damage, b"".join(answer.parts)
    if damage.harm is Harm.TRUNCATED:
        part = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    if damage.harm is not Harm.DRIP:
        return
    for start in range(0, len(body), damage.piece):
        part = body[start : start + damage.piece]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(damage.pause)
    await send({"type": "http.response.body", "body": b""})
