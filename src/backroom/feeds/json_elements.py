"""JSON arrays and pages of the API, element by element, each with its line, in bounded memory.

The elements are decoded by Python's own scanner, which says where each of them ends. Libraries that
stream JSON do not say where an element stands, and a finding without a line helps nobody.
"""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any

from backroom.feeds.read_progress import unfollowed
from backroom.feeds.rows import LONGEST_LINE, FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.read_progress import Follow

_JSON_READ_BYTES = 1 << 18
_JSON_BLANKS = re.compile(r"[ \t\r\n]*")
_OF_NUMBERS = {"", ".", "e", "E", "+", "-"}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _opened_text(path: Path, encoding: str) -> IO[str]:
    """Open a file. Python leaves a byte order mark out of UTF-16, of UTF-8 only if asked."""
    return path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def array_elements(
    path: Path, encoding: str, follow: Follow = unfollowed
) -> Iterator[tuple[int, Any]]:
    """Give the elements of the array in the file at `path`, each with its first line.

    Raises `FeedError` with the position of what is no JSON.
    """
    with _opened_text(path, encoding) as file:
        follow(file)
        yield from _Scanner(file).elements()


def array_texts(path: Path, encoding: str) -> Iterator[str]:
    """Give the elements of the array in the file at `path` as they are written there."""
    with _opened_text(path, encoding) as file:
        scanner = _Scanner(file)
        for _ in scanner.elements():
            yield scanner.text


def document_elements(
    path: Path, encoding: str, follow: Follow = unfollowed
) -> Iterator[tuple[int, Any]]:
    """Give the resources in the `data` of the object in the file at `path`, each with its line.

    Raises `FeedError` if it is no JSON, or has no `data`.
    """
    with _opened_text(path, encoding) as file:
        follow(file)
        yield from _Scanner(file).resources()


class _Scanner:
    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._position = 0
        self._line = 1
        self._column = 1
        self._ended = False
        self._begin = 0

    @property
    def text(self) -> str:
        """The last element as it is written."""
        return self._text[self._begin : self._position]

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Give the elements of the array that the file is."""
        if self._next() != "[":
            raise self._wrong("an array begins with [")
        yield from self._array()
        self._end("array")

    def resources(self) -> Iterator[tuple[int, Any]]:
        """Give what the object that the file is has in its `data`: elements, or one object."""
        has_data = False
        if self._next() != "{":
            raise self._wrong("an object begins with {")
        for _ in self._within("}", "object"):
            name = self._element()
            if not isinstance(name, str) or self._next() != ":":
                raise self._wrong("an object has names in quotes, each with a colon behind it")
            self._move(self._position + 1)
            begin, line = self._next(), self._line
            is_data = name == "data" and begin in {"[", "{"}
            # All arrays are passed element by element: what a page includes is as long as its data.
            for each in self._array() if begin == "[" else [(line, self._element())]:
                if is_data:
                    yield each
            has_data = has_data or is_data
        self._end("object")
        if not has_data:
            raise FeedError("is a JSON object without the member data, so it has no resources")

    def _array(self) -> Iterator[tuple[int, Any]]:
        for _ in self._within("]", "array"):
            line = self._line
            yield line, self._element()

    def _within(self, end: str, what: str) -> Iterator[None]:
        """Go to each element of what begins here. The caller reads the element."""
        self._move(self._position + 1)
        mark = self._next()
        while mark != end:
            yield
            mark = self._next()
            if mark not in {",", end}:
                raise self._wrong(f"a comma or the end of the {what} has to follow")
            if mark == ",":
                self._move(self._position + 1)
                if self._next() == end:
                    raise self._wrong("an element has to follow a comma")
        self._move(self._position + 1)

    def _end(self, what: str) -> None:
        if self._next():
            raise self._wrong(f"nothing may follow the {what}")

    def _next(self) -> str:
        """Skip blanks. Gives the next character, or an empty text at the end of the file."""
        while True:
            end = _JSON_BLANKS.match(self._text, self._position).end()  # type: ignore[union-attr]
            self._move(end)
            if end < len(self._text):
                return self._text[end]
            if not self._more():
                return ""

    def _element(self) -> Any:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._position)
            except RecursionError:
                raise FeedError(f"is nested too deep in line {self._line}") from None
            except json.JSONDecodeError as error:
                if self._ended or not self._more():
                    self._move(min(error.pos, len(self._text)))
                    raise self._wrong(error.msg) from None
            except ValueError as error:
                raise self._wrong(str(error)) from None
            else:
                # A number may go on, at the end of what was read or behind its point.
                goes_on = self._text[end : end + 1] in _OF_NUMBERS
                if goes_on and isinstance(value, (int, float)) and self._more():
                    continue
                self._begin = self._position
                self._move(end)
                return value

    def _more(self) -> bool:
        """Read the next part of the file, and drop what the caller has passed."""
        rest = self._text[self._position :]
        if len(rest) > LONGEST_LINE:
            raise FeedError(
                f"has an element in line {self._line} that is longer than"
                f" {LONGEST_LINE // 1_000_000} MB"
            )
        try:
            chunk = self._file.read(max(_JSON_READ_BYTES, len(rest)))
        except UnicodeDecodeError:
            raise FeedError(f"is not text in one encoding, after line {self._line}") from None
        self._ended = not chunk
        self._text, self._position = rest + chunk, 0
        return bool(chunk)

    def _move(self, position: int) -> None:
        passed = self._text.count("\n", self._position, position)
        if passed:
            self._line += passed
            self._column = position - self._text.rfind("\n", self._position, position)
        else:
            self._column += position - self._position
        self._position = position

    def _wrong(self, reason: str) -> FeedError:
        cut = "is cut off" if self._ended and self._position >= len(self._text) else "is not JSON"
        return FeedError(f"{cut}: {reason}, in line {self._line}, column {self._column}")
