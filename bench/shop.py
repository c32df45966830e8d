"""A shop as integrations have it: items, variants, categories, and the jobs that made them.

Everything comes in through the API, so the shop is the same on both engines. Two more accounts have
a page of items each, for the plain pages that all questions are held against: items as usual, and
items that are much longer, so that a page of few rows has many bytes. No name there is awkward.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, ITEM, JOB_KINDS, VARIANT, JobKind, Kind, Verb
from bench import catalog, load
from bench.load import Plan, Question

if TYPE_CHECKING:
    from pathlib import Path

    from bench.servers import Served

COUNTS = {ITEM.name: 300, VARIANT.name: 900, CATEGORY.name: 25}
JOBS = 150
"""Usual jobs of each of the nine kinds: a page of a hundred, and half of another."""
FULL = 100
"""Operations of the one full job of each kind that creates or updates, and items of a page."""
_AWKWARD_EVERY = 50
_LARGE_ITEM_VARIANTS = 110
_REPEATED_EVERY = 10
"""Every so many jobs of creation one repeats a resource, which fails."""
_SPARE = 5_000
"""The place of the first resource that is deleted again."""
_DEADLINE_SECONDS = 120.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Jobs:
    """The ids of two jobs of one kind: one of few operations, and the first, a full one."""

    usual: str
    full: str


def external_id(kind: Kind, place: int) -> str:
    """Give the external id of the resource at a place; JSON and URLs escape one in fifty."""
    if place % _AWKWARD_EVERY == 7:
        return f'{kind.name} "schön/groß" {place}'
    return f"{kind.name}-{place:05}"


def resource_id(kind: Kind, place: int) -> str:
    """Give the id of the resource at a place."""
    return ids.resource_id(external_id(kind, place))


def path(kind: Kind, place: int) -> str:
    """Give the path of the resource at a place."""
    return f"/api/{kind.collection}/{quote(resource_id(kind, place), safe='$:')}"


def attributes(kind: Kind, place: int) -> dict[str, Any]:
    """Make the attributes of the resource at a place, an item's some 900 bytes."""
    own = {"external_id": external_id(kind, place)}
    if kind is CATEGORY:
        return own | {"name": f"The shelf of {catalog.attributes(place)['title']}"}
    usual = catalog.attributes(place) | own
    if kind is ITEM:
        return usual | ({"price": None} if place % 10 == 3 else {})
    sku = "SHARED" if place % 8 == 0 else f"SKU-{place}"
    return usual | {"sku": sku, "inventory_policy": place % 3, "inventory_quantity": place % 40}


def item_of(variant: int) -> int:
    """Give the place of a variant's item: the first item has many, the others none to some."""
    if variant < _LARGE_ITEM_VARIANTS:
        return 0
    return 1 + (variant * variant // 3 + 7 * variant) % (COUNTS[ITEM.name] - 1)


def categories_of(item: int) -> set[int]:
    """Give the places of an item's categories: the first category holds nearly all items."""
    small = COUNTS[CATEGORY.name] - 1
    large = set() if item % 30 == 29 else {0}
    return large | {1 + item % small, 1 + (item * 5 + 3) % small}


def fill(served: Served, key: str, errors: Path, jobs: int = JOBS) -> dict[str, Jobs]:
    """Make the shop by jobs, so many usual ones of each kind; give two of each by their type.

    `errors` is the file with what the server says where jobs never complete.
    """
    for verb in Verb:
        for kind in (CATEGORY, ITEM, VARIANT):
            job_kind = JOB_KINDS[f"{kind.type}-bulk-{verb}-job"]
            _carry_out(served, key, job_kind, _bodies(job_kind, jobs), errors)
    return {name: _some(served, key, each) for name, each in JOB_KINDS.items()}


def fill_plain(served: Served, key: str, errors: Path, descriptions: int = 1) -> Jobs:
    """Make a page of plain items, each with so many descriptions, by one job; give it."""
    operations = [
        {"type": ITEM.type, "attributes": _plain(place, descriptions)} for place in range(FULL)
    ]
    job_kind = JOB_KINDS[catalog.JOB_TYPE]
    bodies = [_body(job_kind, some) for some in (operations[:3], operations[3:])]
    _carry_out(served, key, job_kind, bodies, errors)
    return _some(served, key, job_kind)


def _plain(place: int, descriptions: int) -> dict[str, Any]:
    parts = range(place * descriptions, (place + 1) * descriptions)
    text = " ".join(catalog.attributes(each)["description"] for each in parts)
    return catalog.attributes(place) | {"description": text}


def plain_path(place: int) -> str:
    """Give the path of the plain item at a place."""
    name = catalog.attributes(place)["external_id"]
    return f"/api/{ITEM.collection}/{ids.resource_id(name)}"


def _bodies(job_kind: JobKind, usual: int) -> list[bytes]:
    """Write the bodies of the jobs of a kind: the full one first, then the usual ones.

    Each usual job of creation makes a spare resource, which a job of deletion deletes.
    """
    kind, count = job_kind.kind, COUNTS[job_kind.kind.name]
    full = range(min(count, FULL))
    jobs: list[list[dict[str, Any]]] = []
    if job_kind.verb is Verb.CREATE:
        jobs.append([_create(kind, place) for place in full])
        for job in range(usual):
            places = [*range(len(full) + job, count, usual), _SPARE + job]
            # What is there already fails.
            places += [0] if job % _REPEATED_EVERY == 0 else []
            jobs.append([_create(kind, place) for place in places])
    elif job_kind.verb is Verb.UPDATE:
        jobs.append([_update(kind, place) for place in full])
        for job in range(usual):
            places = list(range(job, count, usual)) or [job % count]
            jobs.append([_update(kind, place) for place in places])
    else:
        jobs += [[_identifier(kind, _SPARE + job)] for job in range(usual)]
    return [_body(job_kind, operations) for operations in jobs]


def _body(job_kind: JobKind, operations: list[dict[str, Any]]) -> bytes:
    data = {"type": job_kind.type, "attributes": {job_kind.member: {"data": operations}}}
    return msgspec.json.encode({"data": data})


def _identifier(kind: Kind, place: int) -> dict[str, Any]:
    return {"type": kind.type, "id": resource_id(kind, place)}


def _create(kind: Kind, place: int) -> dict[str, Any]:
    operation: dict[str, Any] = {"type": kind.type, "attributes": attributes(kind, place)}
    if kind is VARIANT:
        item = item_of(place) if place < COUNTS[VARIANT.name] else 1
        operation["relationships"] = {"item": {"data": _identifier(ITEM, item)}}
    if kind is ITEM:
        linked = [_identifier(CATEGORY, each) for each in sorted(categories_of(place))]
        operation["relationships"] = {"categories": {"data": linked}}
    return operation


def _update(kind: Kind, place: int) -> dict[str, Any]:
    same = attributes(kind, place)[kind.searched]
    return _identifier(kind, place) | {"attributes": {kind.searched: same}}


def _carry_out(
    served: Served, key: str, job_kind: JobKind, bodies: list[bytes], errors: Path
) -> None:
    """Post jobs of a kind, and wait until they are complete."""
    given, target = catalog.headers(key), f"/api/{job_kind.collection}"
    stream = [
        Question(catalog.written("POST", served.port, target, given, body), 202) for body in bodies
    ]
    load.run(Plan(served.port, [stream], most=len(stream)))
    end = time.monotonic() + _DEADLINE_SECONDS
    while _listed(served, key, job_kind, filter='equals(status,"processing")')["data"]:
        if time.monotonic() > end:
            raise RuntimeError(f"the jobs were never complete: {errors.read_text()[-2000:]}")
        time.sleep(_LOOK_SECONDS)


def _some(served: Served, key: str, job_kind: JobKind) -> Jobs:
    page = _listed(served, key, job_kind)
    shown = [each["id"] for each in page["data"]]
    while page["links"]["next"]:
        following = urlsplit(page["links"]["next"])
        page = _document(served, key, f"{following.path}?{following.query}")
        shown += [each["id"] for each in page["data"]]
    # The newest come first, and the full one was the first.
    return Jobs(shown[len(shown) // 3], shown[-1])


def _listed(served: Served, key: str, job_kind: JobKind, **asked: str) -> dict[str, Any]:
    return _document(served, key, f"/api/{job_kind.collection}?{urlencode(asked)}")


def _document(served: Served, key: str, target: str) -> dict[str, Any]:
    answer = served.get(target, catalog.headers(key))
    if answer.status != 200:
        raise RuntimeError(f"GET {target}: {answer.status} {answer.body[:500]!r}")
    document: dict[str, Any] = msgspec.json.decode(answer.body)
    return document
