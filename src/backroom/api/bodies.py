"""Request bodies: bytes from the wire to checked drafts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.drafts import Draft, check_type, draft, only, required
from backroom.catalog.operations import Operation, body_limit
from backroom.errors import Fault, Invalid, ParseFailed, TooLarge, UnsupportedMediaType
from backroom.jobs import submit
from backroom.jobs.lifecycle import MOST_OPERATIONS

if TYPE_CHECKING:
    from backroom.api.request import Request
    from backroom.revisions import Revision

_MEDIA_TYPES = frozenset({"application/json", "application/vnd.api+json"})
_GZIP = 31
"""What `zlib` calls a gzip stream with the largest window."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The checked operations of a job, encoded as they will wait, and how many they are."""

    operations: str
    total: int


class BodyReader:
    """Takes a body chunk by chunk and never holds more than the revision allows.

    Raises `UnsupportedMediaType`, `TooLarge` or `ParseFailed`, as soon as it can be known.
    """

    def __init__(self, request: Request, revision: Revision) -> None:
        media_type = request.headers.get(b"content-type", "")
        if media_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            raise UnsupportedMediaType(media_type)
        encoding = request.headers.get(b"content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", ""}:
            raise UnsupportedMediaType(encoding)
        self._limit = body_limit(revision.date)
        length = request.headers.get(b"content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._limit:
            raise TooLarge(self._limit)
        self._unpack = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
        self._began = False
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take what has arrived."""
        if self._unpack is None:
            self._keep(chunk)
        else:
            self._inflate(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise TooLarge(self._limit)
        self._chunks.append(chunk)

    def _inflate(self, chunk: bytes) -> None:
        assert self._unpack is not None  # noqa: S101 - for the type checker
        while chunk:
            if self._unpack.eof:
                # A gzip file may have several members, one after the other.
                self._unpack = zlib.decompressobj(_GZIP)
            self._began = True
            try:
                # One byte past the limit is enough to know, and all that is ever held of a bomb.
                self._keep(self._unpack.decompress(chunk, self._limit - self._size + 1))
            except zlib.error:
                raise ParseFailed("The body is not gzip, as its Content-Encoding says.") from None
            chunk = self._unpack.unconsumed_tail or self._unpack.unused_data

    def end(self) -> bytes:
        """Give the whole body, decompressed."""
        if self._unpack is not None and self._began and not self._unpack.eof:
            raise ParseFailed("The body ends before its gzip stream does.")
        return b"".join(self._chunks)


def decode(raw: bytes) -> Any:
    """Read JSON. Raises `ParseFailed`, never anything else."""
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise ParseFailed("JSON parse error - it is nested too deeply.") from None
    except UnicodeDecodeError:
        raise ParseFailed("JSON parse error - it is not UTF-8.") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ParseFailed(f"JSON parse error - {error}") from None


def submission(operation: Operation, revision: Revision, raw: bytes) -> Submission:
    """Read the body of a job. Raises `Invalid` with a pointer in the caller's own shape."""
    body = revision.up(operation, decode(raw))
    try:
        drafts = _job_drafts(operation, revision.date, body)
    except Fault as fault:
        if fault.pointer is not None:
            fault.pointer = revision.pointer(operation, fault.pointer)
        raise
    try:
        return Submission(submit.encode(drafts), len(drafts))
    except RecursionError:
        raise ParseFailed("JSON parse error - it is nested too deeply.") from None


def _job_drafts(operation: Operation, revision: str, body: Any) -> list[Draft]:
    job_kind = operation.job_kind
    data = _member(_members(body, ""), "data", "request-data", "")
    members = _members(data, "/data")
    if not {"attributes", "relationships", "id"} & members.keys():
        raise Invalid(
            "One of `attributes`, `relationships` or `id` must be included in the request payload.",
            "/data",
        )
    check_type(members, job_kind.type, "/data")
    only(members, ("type", "attributes"), job_kind.type, "/data")
    attributes = _members(
        _member(members, "attributes", job_kind.type, "/data"), "/data/attributes"
    )
    only(attributes, (job_kind.member,), job_kind.type, "/data/attributes")
    pointer = f"/data/attributes/{job_kind.member}"
    nested = _members(
        _member(attributes, job_kind.member, job_kind.type, "/data/attributes"), pointer
    )
    only(nested, ("data",), job_kind.type, pointer)
    resources = _member(nested, "data", job_kind.type, pointer)
    pointer += "/data"
    if not isinstance(resources, list):
        raise Invalid(
            f'Expected a list of items but got type "{type(resources).__name__}".', pointer
        )
    if not resources:
        raise Invalid("This list may not be empty.", pointer)
    if len(resources) > MOST_OPERATIONS:
        raise Invalid(
            f"Ensure this field has no more than {MOST_OPERATIONS} elements;"
            f" it has {len(resources)}.",
            pointer,
        )
    return [
        draft(job_kind.verb, job_kind.kind, resource, f"{pointer}/{index}", revision)
        for index, resource in enumerate(resources)
    ]


def _members(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(
            f'Expected a dictionary of items but got type "{type(value).__name__}".',
            pointer or "/data",
        )
    return value


def _member(members: dict[str, Any], name: str, resource: str, pointer: str) -> Any:
    if name not in members:
        raise required(name, resource, f"{pointer}/{name}")
    return members[name]
