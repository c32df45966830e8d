"""Request bodies: from JSON to the drafts or ids that an operation works with.

A bulk body of the newest shape is first tried with `api/bulk_types.py`, which is quick but accepts
only right bodies. All other bodies go up the ladder and are examined member by member
(`catalog/drafts.py`), so that a fault can say what is wrong and where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.api import bulk_types
from backroom.catalog import published
from backroom.catalog.drafts import Draft, encode, read_newest
from backroom.catalog.neighbours import Neighbour
from backroom.catalog.operations import Operation, Shape
from backroom.catalog.published_shapes import check_published
from backroom.errors import Fault, ParseFailed

if TYPE_CHECKING:
    from backroom.revisions import Revision


@dataclass(frozen=True, slots=True)
class Submission:
    """The checked operations of a job: their JSON as it will be stored, and their number."""

    operations: str
    total: int


class Kept(NamedTuple):
    """The body of an operation that is only accepted: as a value, and as it was sent."""

    body: Any
    text: str


def read_body(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read the body of an operation: give a `Submission`, a `Draft`, a list of ids or a `Kept`.

    `resource_id` is the id in the path. Raises `ParseFailed`, or `Invalid` with a pointer into the
    body as it was sent.
    """
    if operation.shape is Shape.DELETE:
        return Draft(resource_id)
    if isinstance(operation, Neighbour):
        return read_published(operation, revision.date, raw)
    if operation.shape is Shape.JOB_POST and operation in revision.sends_newest:
        accepted = bulk_types.operations(operation.job_kind, revision.date, raw)
        if accepted is not None:
            return Submission(*accepted)
    return examine(operation, revision, raw, resource_id)


def examine(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read a body member by member. Gives and raises the same as `read_body`."""
    body = revision.up(operation, decode_json(raw))
    try:
        checked = read_newest(operation, revision.date, body, resource_id)
    except Fault as fault:
        if fault.pointer is None:
            raise
        raise fault.with_pointer(revision.pointer(operation, fault.pointer)) from None
    except RecursionError:
        # A fault quotes the wrong value. Encoding the value happens some calls further down than
        # decoding it did. So a value that could just be decoded may be too deep to be encoded.
        raise _too_deep() from None
    if operation.shape is Shape.JOB_POST:
        return Submission(encode(checked), len(checked))
    return checked


def read_published(operation: Neighbour, revision: str, raw: bytes) -> Kept:
    """Check a body against the shape that is published for the revision. Raises as `read_body`."""
    body = decode_json(raw)
    schema = published.published_facts(operation, revision).body
    try:
        check_published(schema, body)
    except RecursionError:
        raise _too_deep() from None
    return Kept(body, raw.decode())


def decode_json(raw: bytes) -> Any:
    """Decode JSON. Raises `ParseFailed` and nothing else."""
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise ParseFailed("JSON parse error - it is not UTF-8.") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ParseFailed(f"JSON parse error - {error}") from None


def _too_deep() -> ParseFailed:
    return ParseFailed("JSON parse error - it is nested too deeply.")
