"""A change: what one revision did to the shape of bodies and answers.

The name of a change begins with a verb and says what moved. Its docstring is the line that users
read. `down` takes a newer document to the shape before the change, in place. `up` takes an older
body to the shape after it. `pointer` takes a pointer into the newer body to the older one. Nobody
edits a change later, because the past does not change.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.operations import Operation, Shape


class Change:
    """A change of bodies or answers that came with a revision."""

    basis: ClassVar[Literal["specification", "observed"]] = "specification"
    shapes: ClassVar[frozenset[Shape]]
    """The groups of operations that it touches."""
    floor: ClassVar[str] = ""
    """The oldest revision that `down` is for. Revisions before it have the newer shape too."""

    def __init_subclass__(cls) -> None:
        if not cls.__doc__:
            raise TypeError(f"{cls.__name__} needs a docstring: it is the changelog")
        if not hasattr(cls, "shapes"):
            raise TypeError(f"{cls.__name__} must say which shapes it touches")

    @property
    def description(self) -> str:
        """The text that users read: what holds since the change."""
        return inspect.getdoc(type(self)) or ""

    def applies(self, revision: str, date: str) -> bool:
        """Whether a revision differs from the newest shape by this change, made at `date`."""
        return revision < date

    def touches(self, operation: Operation) -> bool:
        """Whether the change moves anything in the bodies or answers of `operation`."""
        return operation.shape in self.shapes

    def up(self, operation: Operation, body: Any) -> Any:  # noqa: ARG002 - the default moves nothing
        """Give the body in the shape after the change.

        Raises `Invalid` with a pointer into the older shape.
        """
        return body

    def down(self, operation: Operation, document: dict[str, Any]) -> None:
        """Take the document to the shape before the change, in place."""

    def pointer(self, operation: Operation, pointer: str) -> str:  # noqa: ARG002 - as up
        """Take a pointer into the newer body to the same place of the older one."""
        return pointer


def resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the resource objects in a document's `data`, which is a list or a single one."""
    data = document["data"]
    return data if isinstance(data, list) else [data]


class _PointedAt(msgspec.Struct):
    pointer: str


class _ErrorEntry(msgspec.Struct):
    """An entry of a job's errors, of which only the pointer is read."""

    id: msgspec.Raw
    code: msgspec.Raw
    meta: msgspec.Raw
    title: msgspec.Raw
    detail: msgspec.Raw
    source: _PointedAt


_entries = msgspec.json.Decoder(list[_ErrorEntry])


def moved_errors(errors: bytes, move: Callable[[str], str]) -> bytes:
    """Rewrite the pointers in the errors of a job, a JSON array."""
    if errors == b"[]":
        return errors
    entries = _entries.decode(errors)
    for entry in entries:
        entry.source.pointer = move(entry.source.pointer)
    return msgspec.json.encode(entries)


def move_pointers(document: dict[str, Any], move: Callable[[str], str]) -> None:
    """Rewrite the pointers in the errors of the jobs in a document."""
    for job in resources(document):
        errors = job["attributes"].get("errors")
        if errors is not None:
            job["attributes"]["errors"] = msgspec.Raw(moved_errors(bytes(errors), move))
