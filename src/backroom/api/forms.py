"""Documents with blanks: what any row becomes in an answer, found once.

How a row is shown hardly depends on the row. So a document whose values are blanks goes down to the
revision as any other does, and the text that comes out is a form, into which the database writes
row after row. What can't be known beforehand (null where none was allowed, pointers that have
moved, names that a URL writes in another way) fits no form, and goes the way of all documents.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.api import documents
from backroom.revisions.change import resources
from backroom.store.forms import Form
from backroom.store.jobs import PROGRESS, Job, JobForms
from backroom.store.pages import RecordForm
from backroom.store.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.api.documents import Document, Fields
    from backroom.api.request import Request
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision

_BLANK = re.compile(r"~~(\w+)~~")
_COUNTS = ("total_count", "completed_count", "failed_count")
_NOTHING = "[]"
_BASE = "base"


class _Frame(NamedTuple):
    """What a form is for. `base` begins all links."""

    operation: Operation
    at: Revision
    fields: Fields
    base: str


def given(request: Request) -> dict[str, str]:
    """Give what fills the blanks that aren't a row's."""
    # What follows the base in a URL is percent-encoded, and no string writes it otherwise.
    return {"url": _inner(request.base) + request.target}


@lru_cache(maxsize=64)
def _inner(text: str) -> str:
    """Write what stands between the quotes of a JSON string."""
    return msgspec.json.encode(text)[1:-1].decode()


def _blank(name: str) -> str:
    # Of characters that neither JSON nor a URL writes in another way.
    return f"~~{name}~~"


def _form(document: Any, base: str) -> Form:
    text = msgspec.json.encode(document).decode()
    for members in _PROGRESS:
        text = text.replace(members, _blank("progress"))
    pieces = _BLANK.split(text)
    parts, blanks = pieces[:1], []
    for name, following in zip(pieces[1::2], pieces[2::2], strict=True):
        # The base is put in last, for it may look like a blank.
        if name == _BASE:
            parts[-1] += _inner(base) + following
        else:
            blanks.append(name)
            parts.append(following)
    return Form(tuple(parts), tuple(blanks))


def _blanks(names: Iterable[str]) -> dict[str, Any]:
    """Give the members of a job as blanks, counts without quotes."""
    blanks: dict[str, Any] = {name: _blank(name) for name in names}
    return blanks | {name: msgspec.Raw(blanks[name].encode()) for name in _COUNTS}


def _progress(completed_at: str | None) -> str:
    """Give the members of a job that the store keeps as one text, as they are in a document."""
    members = _blanks(PROGRESS) | {"completed_at": completed_at}
    return msgspec.json.encode(members).decode()[1:-1]


_PROGRESS = (_progress(_blank("completed_at")), _progress(None))


@lru_cache(maxsize=512)
def of_jobs(operation: Operation, at: Revision, fields: Fields, base: str) -> JobForms:
    """Give the forms of a job: of the whole document where one is asked for, else of its entry."""
    frame = _Frame(operation, at, fields, base)
    errors = {} if _keeps_errors(operation, at) else {"errors": _NOTHING}
    finished = {"linkage": _NOTHING, **errors}
    return JobForms(
        unfinished=_job_form(frame, **finished, completed_at=None),
        finished=_job_form(frame, **finished),
        linked=_job_form(frame, **errors),
        any_errors=not errors,
    )


def _keeps_errors(operation: Operation, at: Revision) -> bool:
    """Whether the errors of a job are shown as they are stored."""
    operations = f"/data/attributes/{operation.job_kind.member}/data"
    pointers = (operations, f"{operations}/relationships/item", f"{operations}/attributes/title")
    entries = [{"source": {"pointer": pointer}} for pointer in pointers]
    stored = msgspec.json.encode(entries)
    document = _job_document(_Frame(operation, at, (), ""), errors=stored.decode())
    (job,) = resources(document)
    return bytes(job["attributes"]["errors"]) == stored


def _job_form(frame: _Frame, **known: Any) -> Form:
    document = _job_document(frame, **known)
    return _form(document["data"][0] if frame.operation.paged else document, frame.base)


def _job_document(frame: _Frame, **known: Any) -> Document:
    """Give the document of a job of blanks, but for what is `known`, in the frame's shape."""
    row = Job(**_blanks(Job._fields) | known)
    data = documents.job(_blank(_BASE), frame.operation.job_kind, row, linked=False)
    document: Document = {
        "data": [data] if frame.operation.paged else data,
        "links": {"self": _blank("url")},
    }
    frame.at.down(frame.operation, document)
    documents.keep_only(document, dict(frame.fields))
    return document


@lru_cache(maxsize=512)
def of_records(operation: Operation, at: Revision, base: str) -> RecordForm:
    """Give the form of an item, variant or category in a list, with all its attributes."""
    nothing = '{"price":null}'
    kept = _record(operation, at, nothing)["attributes"]
    return RecordForm(
        _form(_record(operation, at, _blank("attributes")), base),
        any_nulls=isinstance(kept, msgspec.Raw) and bytes(kept) == nothing.encode(),
    )


def _record(operation: Operation, at: Revision, attributes: str) -> Document:
    row = Record(0, _blank("external_id"), attributes)
    document: Document = {"data": [documents.resource(_blank(_BASE), operation.kind, row)]}
    at.down(operation, document)
    resource: Document = document["data"][0]
    return resource
