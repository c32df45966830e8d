"""The head of an answer as bytes: its status line and its headers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from backroom.api.headers import lines

if TYPE_CHECKING:
    from backroom.api.request import Answer

_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_STATUS_LINES = {
    each: f"HTTP/1.1 {each} {_PHRASES.get(each, 'Unknown')}\r\n".encode()
    for each in range(200, 600)
}


def answer_head(answer: Answer, connection: bytes, length: int | None) -> bytes:
    """Give the head of an answer, with the header lines that say what becomes of the connection.

    `length` is in bytes. Without one, the body ends with the connection.
    """
    end = b"\r\n"
    if length is not None and answer.status != HTTPStatus.NO_CONTENT:
        end = b"content-length: %d\r\n\r\n" % length
    status = _STATUS_LINES[answer.status]
    return b"".join((status, connection, answer.usual.lines, lines(answer.headers), end))
