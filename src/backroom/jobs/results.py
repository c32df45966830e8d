"""The result of each operation of a job, and the operation as a request body writes it.

A job keeps its operations, and an error for each that has failed. An error names the resource, not
the place of the operation (observed). Where several operations are about one resource, the later
ones are taken for those that have failed: a second create fails because of the first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS, KINDS, JobKind, Verb
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from backroom.store.jobs import Job

FAILED = "failed"
_PAST_WORDS = {Verb.CREATE: "created", Verb.UPDATE: "updated", Verb.DELETE: "deleted"}
_drafts = msgspec.json.Decoder(list[Draft])


class Result(NamedTuple):
    """One operation of a job: its place from 0, the resource object sent, and its result.

    `words` is created, updated, deleted, failed, waiting or cancelled; `error` is as on the wire.
    """

    place: int
    external_id: str
    resource: dict[str, Any]
    words: str
    error: dict[str, Any] | None


def results_of(job: Job, operations: str) -> list[Result]:
    """Give the results of a job's operations, in their order. Raises `msgspec.MsgspecError`."""
    job_kind = JOB_KINDS[job.type]
    drafts = _drafts.decode(operations)
    errors: defaultdict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for error in msgspec.json.decode(job.errors):
        errors[named_in(error)].append(error)
    unfailed = _unfailed(job, _PAST_WORDS[job_kind.verb])
    results = []
    for place, draft in reversed(list(enumerate(drafts))):
        left = errors[draft.external_id] or errors[draft.id]
        error = left.pop() if left else None
        resource = resource_object_of(job_kind, draft)
        words = unfailed if error is None else FAILED
        results.append(Result(place, draft.external_id or draft.id, resource, words, error))
    return results[::-1]


def named_in(error: dict[str, Any]) -> str | None:
    """Give the id that an error names: an external id, or a whole one."""
    meta = error.get("meta") or {}
    found = meta.get("external_id") or meta.get("id")
    return None if found is None else str(found)


def _unfailed(job: Job, done: str) -> str:
    if job.status == Status.COMPLETE or job.completed_count:
        return done
    return "cancelled" if job.status == Status.CANCELLED else "waiting"


def resource_object_of(job_kind: JobKind, draft: Draft) -> dict[str, Any]:
    """Give an operation as bodies of the newest revision have it."""
    found: dict[str, Any] = {"type": job_kind.kind.type}
    if job_kind.verb is not Verb.CREATE:
        found["id"] = draft.id
    if job_kind.verb is Verb.DELETE:
        return found
    found["attributes"] = draft.attributes
    related = {each.name: each for each in job_kind.kind.relations}
    relationships = {}
    for name, held in draft.relations.items():
        target = KINDS[related[name].target].type
        identifiers = [{"type": target, "id": each} for each in held]
        relationships[name] = {"data": identifiers if related[name].many else identifiers[0]}
    return found | ({"relationships": relationships} if relationships else {})


def body_of(job_kind: JobKind, resources: list[Any]) -> dict[str, Any]:
    """Give the body of the newest revision that makes a job of some resource objects."""
    attributes = {job_kind.member: {"data": resources}}
    return {"data": {"type": job_kind.type, "attributes": attributes}}


def place_in(job_kind: JobKind, pointer: str) -> int | None:
    """Give the place of the operation that a pointer into such a body is about, None for none."""
    start = f"/data/attributes/{job_kind.member}/data/"
    place = pointer.removeprefix(start).partition("/")[0] if pointer.startswith(start) else ""
    return int(place) if place.isdecimal() else None
