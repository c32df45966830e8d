"""Templates: the text of any row in an answer, made once and filled for all rows of a page.

How a row is shown depends on the operation, the revision and the fields asked for, and hardly on
the row. `api/layouts.py` makes a document with blanks where a row has values, and takes it down to
the revision as any other document. This module turns the result into a `Template`. Filling
one is then a matter of joining bytes: the store has them in the form in which they are sent.

Filling goes by columns, not by rows. One call that runs in C looks at a column of a hundred values:
a join, a search, a replacement. Only where that call finds something does Python look at single
rows. So a row with an awkward name or a null costs that row, not the page.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Raw

from backroom.catalog import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backroom.api.wire import Parts
    from backroom.catalog.kinds import Kind

    Column = Sequence[bytes]

_BLANK = re.compile(r"~~(\w+)~~")
BASE = "base"
"""The blank for what all links begin with. It is known when the template is made."""


def blank(name: str) -> str:
    """Write a blank, in characters that neither JSON nor a URL writes in another way."""
    return f"~~{name}~~"


def inner(text: str) -> str:
    """Write a text as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(text)[1:-1].decode()


_PIECE_BYTES = 100
_AT_ONCE_BYTES = 2**18
"""So much text is decoded by one call: no other thread of Python runs meanwhile."""


def stay() -> None:
    """Go on without a limit of time."""


class Template:
    """A text with slots: `pieces` are what stands before, between and after them."""

    __slots__ = ("_row", "pieces", "slots")

    def __init__(self, pieces: Sequence[str], slots: Sequence[str]) -> None:
        self.pieces = tuple([piece.encode() for piece in pieces])
        self.slots = tuple(slots)
        # A row as it follows another: the end of that one, then its own pieces, each with a cell.
        starts = (self.pieces[-1] + b"," + self.pieces[0], *self.pieces[1:-1])
        self._row = [cell for piece in starts for cell in (piece, b"")]

    @classmethod
    def of(cls, document: Any, base: str) -> Self:
        """Make the template of a document with blanks.

        `base` replaces the blank of its name. It is written as in a JSON string, as `inner` does.
        """
        found = _BLANK.split(msgspec.json.encode(document).decode())
        pieces, slots = found[:1], []
        for name, following in zip(found[1::2], found[2::2], strict=True):
            # The base is put in last: it comes from the client and may look like a blank.
            if name == BASE:
                pieces[-1] += base + following
            else:
                slots.append(name)
                pieces.append(following)
        return cls(pieces, slots)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        # Each piece is an object; the first and the last also stand joined in `_row`.
        return 2 * sum(map(len, self.pieces)) + _PIECE_BYTES * len(self.pieces)

    def joined(self, columns: Mapping[str, Column], count: int) -> bytes:
        """Give the texts of `count` rows, 1 or more, with commas between them.

        `columns` has the values of each slot, row by row. The texts of a page are never made one by
        one: its pieces are laid out in a list, each column is set between them by one assignment to
        a slice, and all is joined at once.
        """
        if not self.slots:
            return b",".join(self.pieces * count)
        width = len(self._row)
        cells = self._row * count
        cells[0] = self.pieces[0]
        for place, name in enumerate(self.slots):
            cells[2 * place + 1 :: width] = columns[name]
        cells.append(self.pieces[-1])
        return b"".join(cells)

    def parts(self, values: Mapping[str, bytes]) -> Parts:
        """Give the text for one value in each slot, in parts that are not copied."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.slots, self.pieces[1:], strict=True):
            parts += (values[name], piece)
        return parts


_SAME_IN_URLS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_SAME_BUT_QUOTES = bytes([0, *range(ord(" "), 256)])
_SAME_IN_JSON = _SAME_BUT_QUOTES.translate(None, b'"\\')
"""The characters that a URL, or a JSON string, has as they are, and the zero between texts.

`bytes.translate` removes these from a text: those that remain must be escaped.
"""
_NOT_IN_URLS = re.compile(rb"[^A-Za-z0-9\-._~$:\n]")
_PERCENT = {bytes([each]): b"%%%02X" % each for each in range(256)}


def escaped_ids(column: Column) -> tuple[Column, Column]:
    """Give external ids as they stand in JSON strings, and as they stand in URLs."""
    # One look at all of them. Each line keeps only the characters that a URL escapes.
    left = b"\n".join(column).translate(None, _SAME_IN_URLS)
    if len(left) == len(column) - 1:
        return column, column
    lines = left.split(b"\n")
    if len(lines) != len(column):
        # Some id has a line break.
        return in_json(column), [quote(each, safe="$:").encode() for each in column]
    texts, urls = list(column), list(column)
    places = [place for place, line in enumerate(lines) if line]
    awkward = [column[place] for place in places]
    in_urls = _NOT_IN_URLS.sub(_percent, b"\n".join(awkward)).split(b"\n")
    for place, text, url in zip(places, in_json(awkward), in_urls, strict=True):
        texts[place], urls[place] = text, url
    return texts, urls


def _percent(found: re.Match[bytes]) -> bytes:
    return _PERCENT[found[0]]


def in_json(column: Column) -> Column:
    """Write texts, each one or several with a zero between them, as they stand in JSON strings."""
    return _lines_in_json(column).split(b"\n")


def _lines_in_json(column: Column) -> bytes:
    """Write them with line breaks between them, of which no JSON string has one."""
    whole = b"\n".join(column)
    left = whole.translate(None, _SAME_IN_JSON)
    if len(left) == len(column) - 1:
        return whole
    if len(left.translate(None, b'"\\')) == len(column) - 1:
        return _with_escaped_quotes(whole)
    # Some text has a control character.
    return b"\n".join([_escaped(each) for each in column])


def _with_escaped_quotes(text: bytes) -> bytes:
    return text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _escaped(text: bytes) -> bytes:
    """Write one text, or several with a zero between them, as JSON strings have it."""
    if text.translate(None, _SAME_BUT_QUOTES):
        # Control characters have escapes of several kinds.
        return b"\0".join([_encoded(each) for each in text.split(b"\0")])
    return _with_escaped_quotes(text)


def _encoded(text: bytes) -> bytes:
    return msgspec.json.encode(text.decode())[1:-1]


def truth_values(column: Sequence[int]) -> Column:
    """Write 0 and 1 as JSON has them."""
    return [b"true" if each else b"false" for each in column]


def identifiers(kind: Kind, column: Sequence[bytes | None]) -> Column:
    """Write external ids with zeros between them as JSON arrays of a kind's identifier objects.

    The zeros stay, until `separated` has the whole text. So the cells are short: Python
    asks the system for memory for each longer text, which takes as long as writing it.
    """
    first, last = b"[" + _opening(kind), b'"}]'
    lines = _lines_in_json([each or b"" for each in column])
    lines = lines.replace(b"\n", last + b"\n" + first)
    arrays = (first + lines + last).split(b"\n")
    if all(column):
        return arrays
    # An empty array has got one empty id above.
    return [array if each else b"[]" for array, each in zip(arrays, column, strict=True)]


def separated(kind: Kind, text: bytes) -> bytes:
    """Replace the zeros in a text with arrays of `identifiers`. JSON has no zero anywhere else."""
    return text.replace(b"\0", b'"},' + _opening(kind))


@cache
def _opening(kind: Kind) -> bytes:
    """Give what stands before the external id in an identifier object."""
    return msgspec.json.encode({"type": kind.type, "id": ids.resource_id("")})[:-2]


def attributes(
    kind: Kind, names: tuple[str, ...], *, nulls: bool
) -> Callable[[Column, Sequence[int], Callable[[], None]], Column]:
    """Give a function that turns a column of stored attributes into the shown ones.

    `names` are the attributes to show, in their order. Where not `nulls`, an attribute that is null
    is left out. The function that is given takes for each row whether it may have a null. It calls
    its last argument before a step that takes some milliseconds.
    """
    if not names:
        return lambda column, *_: [b"{}"] * len(column)
    select = None if names == kind.stored_attributes else _selecting(names)
    without = None if nulls else _Nulls(kind, names).removed

    def shown(column: Column, flags: Sequence[int], leave: Callable[[], None]) -> Column:
        if select is not None:
            column = select(column, leave)
        return column if without is None else without(column, flags)

    return shown


def _selecting(names: tuple[str, ...]) -> Callable[[Column, Callable[[], None]], Column]:
    """Give a function that keeps some members of objects, in an order. It skips the others."""
    some = msgspec.defstruct("Selected", [(name, Raw, UNSET) for name in names])
    decoder, encoder = msgspec.json.Decoder(some), msgspec.json.Encoder()

    def select(column: Column, leave: Callable[[], None]) -> Column:
        lines = b"\n".join(column)
        if len(lines) > _AT_ONCE_BYTES:
            leave()
        elif lines.count(b"\n") == len(column) - 1:
            # The stored objects are JSON without line breaks: all are read and written at once.
            return encoder.encode_lines(decoder.decode_lines(lines))[:-1].split(b"\n")
        return [encoder.encode(decoder.decode(each)) for each in column]

    return select


class _Nulls:
    """Leaves members that are null out of objects, though not those of objects within."""

    def __init__(self, kind: Kind, names: tuple[str, ...]) -> None:
        places = [names.index(name) for name in kind.nullable if name in names]
        objects = [names.index(name) for name in kind.objects if name in names]
        # A quote within a JSON string has a backslash before it: what looks like a member is one.
        self._members = [f'"{names[place]}":null'.encode() for place in places]
        self._object = f'"{names[min(objects)]}":'.encode() if objects else b"\n"
        self._in_head = max(places, default=-1) < min(objects, default=len(names))

    def removed(self, column: Column, flags: Sequence[int]) -> Column:
        """Give the objects without such members; only those that are flagged may have any."""
        if not self._members or not any(flags):
            return column
        texts = list(column)
        for place in compress(range(len(texts)), flags):
            texts[place] = self._without(texts[place])
        return texts

    def _without(self, text: bytes) -> bytes:
        if not self._in_head:
            members = msgspec.json.decode(text)
            kept = {name: value for name, value in members.items() if value is not None}
            return msgspec.json.encode(kept)
        for member in self._members:
            start = text.find(member)
            # An object within may have a member of the same name, which stays as it is.
            if start < 0 or text.find(self._object, 0, start) >= 0:
                continue
            end = start + len(member)
            if text[start - 1 : start] == b",":
                start -= 1
            elif text[end : end + 1] == b",":
                # It is the first member.
                end += 1
            text = text[:start] + text[end:]
        return text
