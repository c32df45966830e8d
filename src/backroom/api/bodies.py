"""Request bodies: from the bytes of the wire to the drafts or ids that an operation works with.

`BodyReader` takes the bytes as they arrive and enforces the limit on their size. `read_body` reads
the whole. A bulk body of the newest shape is first tried with `api/bulk_types.py`, which is quick
but accepts only right bodies. All other bodies are examined member by member (`examine`), so that a
fault can say what is wrong and where.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.api import bulk_types
from backroom.catalog.drafts import Draft, draft
from backroom.catalog.jsonapi import check_members, check_type, identifier, required_member
from backroom.catalog.kinds import Verb
from backroom.catalog.operations import LINK_SHAPES, Operation, Shape, body_limit
from backroom.catalog.values import json_array, json_object
from backroom.errors import Fault, Invalid, ParseFailed, TooLarge, UnsupportedMediaType
from backroom.jobs import submit
from backroom.jobs.lifecycle import MOST_OPERATIONS

if TYPE_CHECKING:
    from backroom.api.request import Request
    from backroom.revisions import Revision

_MEDIA_TYPES = frozenset({"application/json", "application/vnd.api+json"})
_GZIP = 31
"""The `wbits` by which `zlib` reads gzip, with the largest window."""
_LONGEST_LENGTH = 12
"""Digits of a Content-Length. A number with more digits is larger than any limit."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The checked operations of a job: their JSON as it will be stored, and their number."""

    operations: str
    total: int


class BodyReader:
    """Takes a body chunk by chunk, and never holds more of it than the revision allows.

    Raises `UnsupportedMediaType`, `TooLarge` or `ParseFailed` as early as possible: the first two
    already from the headers, if these say enough.
    """

    def __init__(self, request: Request, revision: Revision) -> None:
        media_type = request.header(b"content-type") or ""
        if media_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            raise UnsupportedMediaType(media_type)
        encoding = (request.header(b"content-encoding") or "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", ""}:
            raise UnsupportedMediaType(encoding)
        self._limit = body_limit(revision.date)
        self._unpack = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
        # The limit of a revision counts decompressed bytes. There must be a limit of compressed
        # bytes too, because a client could send empty gzip members for ever. It is a 64th higher,
        # because data that can't be compressed grows a little in gzip.
        self._most_fed = self._limit + (self._limit // 64 if self._unpack else 0)
        length = (request.header(b"content-length") or "").lstrip("0")
        declared = length if length.isascii() and length.isdigit() else ""
        if len(declared) > _LONGEST_LENGTH or int(declared or "0") > self._most_fed:
            raise TooLarge(self._limit)
        self._fed = 0
        self._began = False
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self._fed += len(chunk)
        if self._fed > self._most_fed:
            raise TooLarge(self._limit)
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
                # A gzip stream may consist of several members, one after the other.
                self._unpack = zlib.decompressobj(_GZIP)
            self._began = True
            try:
                # At most one byte past the limit is unpacked, which shows that the body is too
                # large. So a small body that would unpack to gigabytes never takes that much
                # memory.
                self._keep(self._unpack.decompress(chunk, self._limit - self._size + 1))
            except zlib.error:
                raise ParseFailed("The body is not gzip, as its Content-Encoding says.") from None
            chunk = self._unpack.unconsumed_tail or self._unpack.unused_data

    def end(self) -> bytes:
        """Give the whole body, decompressed."""
        if self._unpack is not None and self._began and not self._unpack.eof:
            raise ParseFailed("The body ends before its gzip stream does.")
        return b"".join(self._chunks)


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


def read_body(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read the body of an operation: give a `Submission`, a `Draft` or a list of ids.

    `resource_id` is the id in the path. Raises `ParseFailed`, or `Invalid` with a pointer into the
    body as it was sent.
    """
    if operation.shape is Shape.DELETE:
        return Draft(resource_id)
    if operation.shape is Shape.JOB_POST and revision.sends_newest(operation):
        accepted = bulk_types.operations(operation.job_kind, revision.date, raw)
        if accepted is not None:
            return Submission(*accepted)
    return examine(operation, revision, raw, resource_id)


def examine(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read a body member by member. Gives and raises the same as `read_body`."""
    body = revision.up(operation, decode_json(raw))
    try:
        if operation.shape is Shape.JOB_POST:
            return _submission(operation, revision.date, body)
        if operation.shape in LINK_SHAPES:
            return _identifiers(operation, body)
        return _single(operation, revision.date, body, resource_id)
    except Fault as fault:
        if fault.pointer is not None:
            fault.pointer = revision.pointer(operation, fault.pointer)
        raise
    except RecursionError:
        # A fault quotes the wrong value. Encoding the value happens some calls further down than
        # decoding it did. So a value that could just be decoded may be too deep to be encoded.
        raise _too_deep() from None


def _submission(operation: Operation, revision: str, body: Any) -> Submission:
    drafts = _job_drafts(operation, revision, body)
    return Submission(submit.encode(drafts), len(drafts))


def _data(body: Any) -> Any:
    members = json_object(body, "/data")
    check_members(members, ("data",), "request-data", "")
    return required_member(members, "data", "request-data", "")


def _resource(body: Any) -> dict[str, Any]:
    """Give the members of the one resource object in a body. It needs more than a type."""
    members = json_object(_data(body), "/data")
    if not {"attributes", "relationships", "id"} & members.keys():
        raise Invalid(
            "One of `attributes`, `relationships` or `id` must be included in the request payload.",
            "/data",
        )
    return members


def _single(operation: Operation, revision: str, body: Any, resource_id: str) -> Draft:
    members = _resource(body)
    verb = Verb.CREATE if operation.shape is Shape.CREATE else Verb.UPDATE
    checked = draft(verb, operation.kind, members, "/data", revision)
    if verb is Verb.UPDATE and checked.id != resource_id:
        raise Invalid("The id in the body is not the id in the path.", "/data/id")
    return checked


def _identifiers(operation: Operation, body: Any) -> list[str]:
    """Give the ids in the body of an operation on a relationship, each once."""
    data = json_array(_data(body), "/data")
    kind = operation.kind
    return list(
        dict.fromkeys(identifier(kind, each, f"/data/{index}") for index, each in enumerate(data))
    )


def _job_drafts(operation: Operation, revision: str, body: Any) -> list[Draft]:
    job_kind = operation.job_kind
    members = _resource(body)
    check_type(members, job_kind.type, "/data")
    check_members(members, ("type", "attributes"), job_kind.type, "/data")
    pointer = "/data/attributes"
    attributes = json_object(
        required_member(members, "attributes", job_kind.type, "/data"), pointer
    )
    check_members(attributes, (job_kind.member,), job_kind.type, pointer)
    nested = json_object(
        required_member(attributes, job_kind.member, job_kind.type, pointer),
        f"{pointer}/{job_kind.member}",
    )
    pointer += f"/{job_kind.member}"
    check_members(nested, ("data",), job_kind.type, pointer)
    resources = json_array(
        required_member(nested, "data", job_kind.type, pointer), f"{pointer}/data"
    )
    pointer += "/data"
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
