"""Records joined by a key, whatever their order in the file and however many there are.

A file that is small stays in memory. The records of a larger one go to temporary files, each to the
one that its key chooses. So all records with one key are in one file, and only the records of one
file are in memory at a time. The order of keys is that of the file while it is small, and is the
same each time in any case.
"""

from __future__ import annotations

import tempfile
import weakref
import zlib
from contextlib import ExitStack
from struct import Struct
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IN_MEMORY = 8_000_000
"""Bytes of records that stay in memory."""
_SPOOL_PARTS = 128
_LENGTHS = Struct(">II")
"""Of the key and of the record, which stand before them."""

_Framed = tuple[str, bytes]


class Spool:
    """Encoded records by key, to be read any number of times."""

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._held: list[_Framed] = []
        self._size = 0
        self._parts: list[IO[bytes]] = []
        self.count = 0
        """How many records were added."""

    def add(self, key: str, encoded: bytes) -> None:
        """Add a record."""
        self.count += 1
        if self._parts:
            self._write(key, encoded)
            return
        self._held.append((key, encoded))
        self._size += len(encoded) + len(key) + 100
        if self._size > self._in_memory:
            files = ExitStack()
            weakref.finalize(self, files.close)
            self._parts = [
                files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the spool
                for _ in range(_SPOOL_PARTS)
            ]
            for each in self._held:
                self._write(*each)
            self._held.clear()

    def groups(self) -> Iterator[tuple[str, list[bytes]]]:
        """Give each key with its records, which are in the order in which they were added."""
        if not self._parts:
            yield from _by_key(iter(self._held))
        for part in self._parts:
            part.seek(0)
            yield from _by_key(_frames(part))

    def records(self) -> Iterator[bytes]:
        """Give all records, those of one key in the order in which they were added."""
        if not self._parts:
            yield from (encoded for _, encoded in self._held)
        for part in self._parts:
            part.seek(0)
            yield from (encoded for _, encoded in _frames(part))

    def keyed(self) -> Iterator[_Framed]:
        """Give all records with their keys."""
        if not self._parts:
            yield from self._held
        for part in self._parts:
            part.seek(0)
            yield from _frames(part)

    def joined_with(self, names: Spool) -> Iterator[tuple[str, bytes, str | None]]:
        """Give all records with what `names` has for their keys, whose records are names.

        A key that `names` lacks is looked for in lower case. Of several names, the first counts.
        """
        parts: Iterable[tuple[Iterator[_Framed], Iterator[_Framed]]] = (
            zip(self.by_part(), names.by_part(), strict=True)
            if names.is_large
            else [(self.keyed(), names.keyed())]
        )
        for ours, theirs in parts:
            known = _first_names(theirs)
            yield from ((key, encoded, _name_in(known, key)) for key, encoded in ours)

    @property
    def is_large(self) -> bool:
        """Whether the records are in files."""
        return bool(self._parts)

    def by_part(self) -> Iterator[Iterator[_Framed]]:
        """Give the records of each part. Keys that differ only in case are in one part."""
        if self._parts:
            for part in self._parts:
                part.seek(0)
                yield _frames(part)
            return
        held: list[list[_Framed]] = [[] for _ in range(_SPOOL_PARTS)]
        for key, encoded in self._held:
            held[_part_of(key)].append((key, encoded))
        yield from map(iter, held)

    def renamed(self, names: Spool) -> Spool:
        """Give the records under the names of their keys, and drop this spool."""
        other = Spool(self._in_memory)
        for key, encoded, name in self.joined_with(names):
            other.add(name or key, encoded)
        self.close()
        return other

    def close(self) -> None:
        """Drop everything."""
        for part in self._parts:
            part.close()
        self._held.clear()

    def _write(self, key: str, encoded: bytes) -> None:
        name = key.encode("utf-8", "surrogatepass")
        self._parts[_part_of(key)].write(_LENGTHS.pack(len(name), len(encoded)) + name + encoded)


def _part_of(key: str) -> int:
    return zlib.crc32(key.lower().encode("utf-8", "surrogatepass")) % _SPOOL_PARTS


def _first_names(frames: Iterator[_Framed]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, encoded in frames:
        found.setdefault(key, encoded.decode("utf-8", "surrogatepass"))
    return found


def _name_in(known: dict[str, str], key: str) -> str | None:
    return known.get(key) or known.get(key.lower())


def _frames(part: IO[bytes]) -> Iterator[_Framed]:
    read = part.read
    while lengths := read(_LENGTHS.size):
        name, encoded = _LENGTHS.unpack(lengths)
        yield read(name).decode("utf-8", "surrogatepass"), read(encoded)


def _by_key(frames: Iterator[_Framed]) -> Iterator[tuple[str, list[bytes]]]:
    found: dict[str, list[bytes]] = {}
    for key, encoded in frames:
        found.setdefault(key, []).append(encoded)
    yield from found.items()


_ENCODER = msgspec.msgpack.Encoder()


def encoded_record(value: Any) -> bytes | str:
    """Encode a record, or say why it can't be."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return "is not Unicode text"
    except OverflowError:
        return "has a whole number of more than 64 bits"
    except RecursionError:
        return "is nested too deep"
