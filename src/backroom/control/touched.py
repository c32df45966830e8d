"""Finds the jobs that name a resource, and the single calls that changed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import msgspec

from backroom.catalog import ids
from backroom.catalog.drafts import Draft
from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import JOB_KINDS
from backroom.store import call_touches, job_touches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import JobKind, Kind
    from backroom.control.route import Control
    from backroom.store.call_touches import CallTouch
    from backroom.store.job_rows import Job
    from backroom.store.job_touches import NamingJob
    from backroom.testing.journal import Journal
    from backroom.testing.journal_entry import JournalEntry

MOST_CALLS = 50
"""How many calls are given."""
_REFUSED = 400
_drafts = msgspec.json.Decoder(list[Draft])


@dataclass(frozen=True)
class Touch:
    """What one job did with a resource, or will do.

    `given` has the attributes that its operation gives, and `related` what it links, None where
    the operation is not kept. `fault` says why it failed, empty where it did not. `is_own` is false
    for a job of another kind that names the resource in a relationship.
    """

    job: Job
    job_kind: JobKind
    given: dict[str, Any] | None = None
    related: dict[str, list[str]] = field(default_factory=dict)
    fault: str = ""
    is_own: bool = True


class Touches(NamedTuple):
    """The jobs that a look has found. `before` is where the next look begins, or None."""

    found: list[Touch]
    looked: int
    unkept: int
    before: str | None


def touching_jobs(
    control: Control, account: str, kind: Kind, external_id: str, before: str | None = None
) -> Touches:
    """Look through the jobs of an account, from the newest on, for those that name a resource."""
    if "\0" in external_id:
        return Touches([], 0, 0, None)
    with control.database.read() as tx:
        look = job_touches.jobs_naming(tx, account, within_json(external_id), before)
    whole = resource_id(external_id)
    found = [touch for each in look.found for touch in _touches(each, kind, external_id, whole)]
    return Touches(found, look.looked, look.unkept, look.before)


def within_json(text: str) -> str:
    """Give a text as it stands within JSON."""
    return msgspec.json.encode(text).decode()[1:-1]


def _touches(each: NamingJob, kind: Kind, external_id: str, whole: str) -> Iterator[Touch]:
    """Give what a job does with a resource. Its name may also stand in a text by chance."""
    job_kind = JOB_KINDS[each.job.type]
    faults = _faults_named(each.job, external_id, whole)
    drafts = kept_drafts(each.operations)
    own = job_kind.kind is kind
    if drafts:
        for draft in drafts:
            if own and draft.id == whole:
                fault = next(faults, "")
                yield Touch(each.job, job_kind, draft.attributes, draft.relations, fault)
            elif any(
                whole in held and _target(job_kind, name) == kind.name
                for name, held in draft.relations.items()
            ):
                yield Touch(each.job, job_kind, {}, {job_kind.kind.name: [draft.id]}, is_own=False)
        return
    if not own:
        return
    fault = next(faults, "")
    linked = {one["id"] for one in msgspec.json.decode(each.job.linkage)}
    if fault or whole in linked:
        yield Touch(each.job, job_kind, fault=fault)


def _target(job_kind: JobKind, relation: str) -> str:
    return next((each.target for each in job_kind.kind.relations if each.name == relation), "")


def kept_drafts(operations: str | None) -> list[Draft]:
    """Give the operations of a job that still has them."""
    try:
        return _drafts.decode(operations or "[]")
    except msgspec.MsgspecError:
        # A job that has only to show its counts keeps these in place of its operations.
        return []


def _faults_named(job: Job, external_id: str, whole: str) -> Iterator[str]:
    for error in msgspec.json.decode(job.errors):
        meta = error.get("meta") or {}
        if whole == meta.get("id") or external_id == meta.get("external_id"):
            yield str(error.get("detail", ""))


@dataclass(frozen=True)
class TouchingCall:
    """One call that has changed a resource: what it gave, and what it linked by external ids.

    `request` is the number of its request in the journal, None where that has it no longer.
    """

    operation: str
    revision: str
    touched_at: str
    given: dict[str, Any]
    related: dict[str, list[str]]
    is_kept: bool
    request: int | None


def touching_calls(
    control: Control, account: str, kind: Kind, external_id: str
) -> list[TouchingCall]:
    """Give the calls that have changed a resource, newest first. Bulk jobs are not among them."""
    if "\0" in external_id:
        return []
    if "touches" in control.parts:
        control.parts["touches"].flush()
    with control.database.read() as tx:
        found = call_touches.calls_touching(tx, account, kind.name, external_id, MOST_CALLS)
    journal: Journal | None = control.parts.get("journal")
    entries = [] if journal is None or not found else journal.find()
    numbers = {each.request_id: each.number for each in entries}
    return [_touching_call(each, numbers.get(each.request_id)) for each in found]


def _touching_call(touch: CallTouch, request: int | None) -> TouchingCall:
    draft = msgspec.json.decode(touch.given, type=Draft) if touch.given else Draft("")
    related = {
        name: [ids.external_id(each) or each for each in held]
        for name, held in draft.relations.items()
    }
    return TouchingCall(
        touch.operation,
        touch.revision,
        touch.touched_at,
        draft.attributes,
        related,
        bool(touch.given),
        request,
    )


def refused_calls(
    control: Control, account: str, kind: Kind, external_id: str
) -> list[JournalEntry]:
    """Give the refused calls of the journal that name a resource, or create it, newest first."""
    journal: Journal | None = control.parts.get("journal")
    create = f"create_catalog_{kind.name}"
    found: list[JournalEntry] = []
    for entry in reversed(journal.find() if journal is not None else []):
        if entry.account != account or entry.status < _REFUSED:
            continue
        is_named = _names(entry, kind, external_id)
        if is_named or (entry.operation == create and _creates(entry, external_id)):
            found.append(entry)
            if len(found) >= MOST_CALLS:
                break
    return found


def _names(entry: JournalEntry, kind: Kind, external_id: str) -> bool:
    """Whether the path of a call has the id of a resource, which clients encode as they like."""
    _, _, collection, *rest = *entry.path.partition("?")[0].split("/"), "", ""
    named = rest[0] if rest else ""
    return collection == kind.collection and unquote(named) == resource_id(external_id)


def _creates(entry: JournalEntry, external_id: str) -> bool:
    body = entry.body.document
    try:
        return bool(body["data"]["attributes"]["external_id"] == external_id)
    except (KeyError, TypeError):
        return False
