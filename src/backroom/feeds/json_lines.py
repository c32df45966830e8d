"""JSON Lines with our own column names: one object a line."""

from __future__ import annotations

import codecs
from typing import IO, TYPE_CHECKING, Any

import msgspec

from backroom.feeds.advice import record_fault
from backroom.feeds.api_answers import is_resource, resource_row
from backroom.feeds.columns import row_from
from backroom.feeds.read_progress import unfollowed
from backroom.feeds.rows import LONGEST_LINE, TOO_LONG, Row, RowFault, TornRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.read_progress import Follow

_LONGEST_CUT = 80_000
"""How many bytes a line that is cut off may have, so that its first members are read."""
_MOST_COMMAS = 50
"""How many commas, counted from the end of a cut object, are tried as its end."""


def read(path: Path, follow: Follow = unfollowed) -> Iterator[Row | RowFault]:
    """Read the file at `path`. Empty lines are left out."""
    for number, found in objects(path, follow):
        if isinstance(found, str):
            yield record_fault(number, found)
        else:
            yield object_row(number, found)


def objects(path: Path, follow: Follow = unfollowed) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Give the line of each object, with the object or what is wrong with the line."""
    with path.open("rb") as file:
        follow(file)
        for number, line in enumerate(_lines(file), start=1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if len(line) > LONGEST_LINE:
                yield number, TOO_LONG
            elif text.strip():
                yield number, _object_of(text)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Give the lines of a file. Of one that is too long, give its beginning."""
    while line := file.readline(LONGEST_LINE + 1):
        end = line
        while len(end) > LONGEST_LINE and not end.endswith(b"\n"):
            end = file.readline(LONGEST_LINE + 1)
        yield line


def _object_of(text: bytes) -> dict[str, Any] | str:
    try:
        cells = msgspec.json.decode(text)
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except RecursionError:
        return "is nested too deep"
    except msgspec.DecodeError as error:
        detail = f"is not JSON: {error}"
        cut = cut_object(text.decode(errors="replace")) if len(text) <= _LONGEST_CUT else None
        return TornRow(detail, list(cut.values()), tuple(cut)) if cut else detail
    if not isinstance(cells, dict):
        return "is not a JSON object"
    return cells


def whole_object(text: str) -> dict[str, Any] | None:
    """Read an object, None for any other text."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return None


def cut_object(text: str) -> dict[str, Any] | None:
    """Read the whole members at the beginning of an object that is cut off."""
    end = len(text)
    for _ in range(_MOST_COMMAS):
        end = text.rfind(",", 0, end)
        if end < 0:
            break
        if found := whole_object(text[:end] + "}"):
            return found
    return None


def object_row(number: int, cells: dict[str, Any]) -> Row | RowFault:
    """Make a row of an object with our own names, or of a resource as the API shows it."""
    return resource_row(number, cells) if is_resource(cells) else row_from(number, cells)
