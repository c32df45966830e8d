"""Request bodies: bytes from the wire to checked drafts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.api import recognised
from backroom.catalog.drafts import Draft, check_type, draft, identifier, only, required
from backroom.catalog.kinds import Verb
from backroom.catalog.operations import LINK_SHAPES, Operation, Shape, body_limit
from backroom.catalog.values import dictionary, listing
from backroom.errors import Fault, Invalid, ParseFailed, TooLarge, UnsupportedMediaType
from backroom.jobs import submit
from backroom.jobs.lifecycle import MOST_OPERATIONS

if TYPE_CHECKING:
    from backroom.api.request import Request
    from backroom.revisions import Revision

_MEDIA_TYPES = frozenset({"application/json", "application/vnd.api+json"})
_GZIP = 31
"""What `zlib` calls a gzip stream with the largest window."""
_LONGEST_LENGTH = 12
"""Digits of a Content-Length; one with more needs no reading, it is too large."""


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
        media_type = request.header(b"content-type") or ""
        if media_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            raise UnsupportedMediaType(media_type)
        encoding = (request.header(b"content-encoding") or "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", ""}:
            raise UnsupportedMediaType(encoding)
        self._limit = body_limit(revision.date)
        self._unpack = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
        # What does not compress grows a little; what goes on and on and unpacks to nothing stops.
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
        """Take what has arrived."""
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


def read(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read a body as its operation needs it: a `Submission`, a `Draft` or a list of ids.

    Raises `ParseFailed`, or `Invalid` with a pointer in the caller's own shape.
    """
    if operation.shape is Shape.DELETE:
        return Draft(resource_id)
    if operation.shape is Shape.JOB_POST and revision.sends_newest(operation):
        found = recognised.operations(operation.job_kind, revision.date, raw)
        if found is not None:
            return Submission(*found)
    return examine(operation, revision, raw, resource_id)


def examine(operation: Operation, revision: Revision, raw: bytes, resource_id: str) -> Any:
    """Read a body member by member, for what is to be said of it. Gives and raises as `read`."""
    body = revision.up(operation, decode(raw))
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
        raise ParseFailed("JSON parse error - it is nested too deeply.") from None


def _submission(operation: Operation, revision: str, body: Any) -> Submission:
    drafts = _job_drafts(operation, revision, body)
    return Submission(submit.encode(drafts), len(drafts))


def _data(body: Any) -> Any:
    members = dictionary(body, "/data")
    only(members, ("data",), "request-data", "")
    return _member(members, "data", "request-data", "")


def _resource(body: Any) -> dict[str, Any]:
    """Give the members of the resource object that a body is about. Says something, at least."""
    members = dictionary(_data(body), "/data")
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
    data = listing(_data(body), "/data")
    kind = operation.kind
    return list(
        dict.fromkeys(identifier(kind, each, f"/data/{place}") for place, each in enumerate(data))
    )


def _job_drafts(operation: Operation, revision: str, body: Any) -> list[Draft]:
    job_kind = operation.job_kind
    members = _resource(body)
    check_type(members, job_kind.type, "/data")
    only(members, ("type", "attributes"), job_kind.type, "/data")
    attributes = dictionary(
        _member(members, "attributes", job_kind.type, "/data"), "/data/attributes"
    )
    only(attributes, (job_kind.member,), job_kind.type, "/data/attributes")
    pointer = f"/data/attributes/{job_kind.member}"
    nested = dictionary(
        _member(attributes, job_kind.member, job_kind.type, "/data/attributes"), pointer
    )
    only(nested, ("data",), job_kind.type, pointer)
    resources = _member(nested, "data", job_kind.type, pointer)
    pointer += "/data"
    listing(resources, pointer)
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


def _member(members: dict[str, Any], name: str, resource: str, pointer: str) -> Any:
    if name not in members:
        raise required(name, resource, f"{pointer}/{name}")
    return members[name]
