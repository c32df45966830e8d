"""JSON arrays, element by element, each with its line, in bounded memory.

The elements are decoded by Python's own scanner, which says where each of them ends. Libraries that
stream JSON do not say where an element stands, and a finding without a line helps nobody.
"""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any

from backroom.feeds.rows import LONGEST_LINE, FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_JSON_READ_BYTES = 1 << 18
_JSON_BLANKS = re.compile(r"[ \t\r\n]*")
_LARGEST_DOCUMENT = 64_000_000
"""Characters of a document that is one object, such as a page of the API."""
_OF_NUMBERS = {"", ".", "e", "E", "+", "-"}
_DATA = re.compile(r'"data"\s*:\s*(?=\[)')


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _opened_text(path: Path, encoding: str) -> IO[str]:
    """Open a file. Python leaves a byte order mark out of UTF-16, of UTF-8 only if asked."""
    return path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def array_elements(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    """Give the elements of the array in the file at `path`, each with its first line.

    Raises `FeedError` with the position of what is no JSON.
    """
    with _opened_text(path, encoding) as file:
        yield from _Scanner(file).elements()


def array_texts(path: Path, encoding: str) -> Iterator[str]:
    """Give the elements of the array in the file at `path` as they are written there."""
    with _opened_text(path, encoding) as file:
        scanner = _Scanner(file)
        for _ in scanner.elements():
            yield scanner.text


def document_elements(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    """Give the resources in the `data` of the object in the file at `path`.

    Raises `FeedError` if it is no JSON, or has no `data`.
    """
    with _opened_text(path, encoding) as file:
        text = file.read(_LARGEST_DOCUMENT + 1)
    if len(text) > _LARGEST_DOCUMENT:
        raise FeedError(f"is one JSON object of more than {_LARGEST_DOCUMENT // 1_000_000} MB")
    try:
        document = _DECODER.decode(text)
    except RecursionError:
        raise FeedError("is nested too deep") from None
    except json.JSONDecodeError as error:
        raise FeedError(
            f"is not JSON: {error.msg}, in line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError as error:
        raise FeedError(f"is not JSON: {error}") from None
    data = document.get("data")
    if isinstance(data, dict):
        yield 1, data
        return
    if not isinstance(data, list):
        raise FeedError("is a JSON object without the member data, so it has no resources")
    lines = _lines_of(text, len(data))
    yield from zip(lines, data, strict=True)


def _lines_of(text: str, count: int) -> list[int]:
    """Find the first lines of the elements of `data`. All are 1 where they can't be found."""
    if found := _DATA.search(text):
        position, line, lines, end = found.end() + 1, 1 + text.count("\n", 0, found.end()), [], 0
        for _ in range(count):
            start = re.compile(r"[\s,]*").match(text, position).end()  # type: ignore[union-attr]
            try:
                _, end = _DECODER.raw_decode(text, start)
            except ValueError:
                return [1] * count
            lines.append(line + text.count("\n", position, start))
            line += text.count("\n", position, end)
            position = end
        return lines
    return [1] * count


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
        if self._next() != "[":
            raise self._wrong("an array begins with [")
        self._move(self._position + 1)
        mark = self._next()
        while mark != "]":
            line = self._line
            yield line, self._element()
            mark = self._next()
            if mark not in {",", "]"}:
                raise self._wrong("a comma or the end of the array has to follow")
            if mark == ",":
                self._move(self._position + 1)
                if self._next() == "]":
                    raise self._wrong("an element has to follow a comma")
        self._move(self._position + 1)
        if self._next():
            raise self._wrong("nothing may follow the array")

    def _next(self) -> str:
        """Pass blanks over. Gives the next character, none at the end of the file."""
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
        """Read on. What was passed is dropped."""
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
