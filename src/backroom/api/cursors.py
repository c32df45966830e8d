"""Opaque page cursors.

A cursor says on which side of which row its page lies. It also carries a short digest of that and
of the list that it was made for, keyed with a secret of the database. So a cursor that was altered
or made up, or that is used on another list or with another filter, is refused. A cursor has 35
characters of the URL-safe base64 alphabet, because some clients cut cursors at 44 characters and
some unescape them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple
from urllib.parse import parse_qs

from backroom.errors import InvalidCursor

_BORDER_BYTES = 16
_DIGEST_BYTES = 9
_LETTERS = 35


class Cursor(NamedTuple):
    """A page of the rows after `border` in the order of the list, or of the rows before it.

    `border` is a number of at most 128 bits, of those by which the list is ordered.
    """

    border: int
    onward: bool


class Cursors:
    """Writes and reads the cursors that are signed with a `secret` of at most 64 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = hashlib.blake2b(digest_size=_DIGEST_BYTES, key=secret)

    def write(self, cursor: Cursor, subject: str) -> str:
        """Write a cursor for the list that `subject` describes: account, path, filter, order."""
        head = bytes([cursor.onward]) + cursor.border.to_bytes(_BORDER_BYTES)
        return _base64_text(head + self._digest(head, subject))

    def read(self, text: str, subject: str) -> Cursor:
        """Read a cursor as clients send it: bare, with `=` before it, or as the whole next link.

        Raises `InvalidCursor` if it was not made for this list.
        """
        bare = _without_url(text)
        if len(bare) != _LETTERS:
            raise InvalidCursor
        try:
            raw = base64.b64decode(bare + "=", altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidCursor from None
        head, digest = raw[: 1 + _BORDER_BYTES], raw[1 + _BORDER_BYTES :]
        signed = hmac.compare_digest(digest, self._digest(head, subject))
        if not signed or head[0] > 1 or _base64_text(raw) != bare:
            raise InvalidCursor
        return Cursor(int.from_bytes(head[1:]), bool(head[0]))

    def _digest(self, head: bytes, subject: str) -> bytes:
        digest = self._keyed.copy()
        digest.update(head + subject.encode("utf-8", "surrogatepass"))
        return digest.digest()


def _base64_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _without_url(text: str) -> str:
    if "page" in text and "?" in text:
        found = parse_qs(text.partition("?")[2]).get("page[cursor]")
        text = found[0] if found else ""
    return text.lstrip("=")
