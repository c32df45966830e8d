"""What the published specifications say of the neighbours and of the whole real API.

The files are read when something in them is first needed: most servers never need them.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from backroom.catalog.neighbours import Neighbour

Schema = dict[str, Any]


class Facts(msgspec.Struct, frozen=True, eq=False):
    """What an operation takes and gives, from a revision on.

    These are the schemas of its parameters by name, of its body and of its answer.
    """

    since: str
    query: dict[str, Schema]
    body: Schema | None
    answer: Schema | None


class _Step(msgspec.Struct):
    since: str
    query: dict[str, Schema]
    body: str | None
    answer: str | None


class _File(msgspec.Struct):
    operations: dict[str, list[_Step]]
    schemas: dict[str, Schema]


def _file_bytes(name: str) -> bytes:
    return (resources.files("backroom.catalog") / "facts" / name).read_bytes()


@cache
def _steps() -> dict[str, list[Facts]]:
    file = msgspec.json.decode(_file_bytes("neighbours.json"), type=_File)
    schemas = file.schemas
    return {
        place: [
            Facts(
                each.since,
                each.query,
                None if each.body is None else schemas[each.body],
                None if each.answer is None else schemas[each.answer],
            )
            for each in steps
        ]
        for place, steps in file.operations.items()
    }


_SINGLES = {"GET /api/profiles": "POST /api/profiles"}
"""Lists that are published without the attributes which each single resource has."""


@cache
def published_facts(operation: Neighbour, revision: str) -> Facts:
    """Give what an operation takes and gives in a revision that has it."""
    place = f"{operation.method} {operation.path}"
    facts = _in_force(place, revision)
    single = _SINGLES.get(place)
    if single is None or facts.answer is None:
        return facts
    answer = deepcopy(facts.answer)
    attributes = answer["properties"]["data"]["items"]["properties"]["attributes"]
    one = (_in_force(single, revision).answer or {})["properties"]["data"]
    alone = one["properties"]["attributes"]["properties"]
    attributes["properties"] = dict(sorted((alone | attributes["properties"]).items()))
    return msgspec.structs.replace(facts, answer=answer)


def _in_force(place: str, revision: str) -> Facts:
    return next(each for each in _steps()[place] if revision >= each.since)


class RealOperation(NamedTuple):
    """An operation of the real service, in revisions from `since` on, before `until` if not empty.

    `{}` stands for an id in its path.
    """

    method: str
    path: str
    since: str
    until: str


@cache
def _real_operations() -> dict[tuple[str, int], list[RealOperation]]:
    found: dict[tuple[str, int], list[RealOperation]] = {}
    for each in msgspec.json.decode(_file_bytes("real_operations.json"), type=list[RealOperation]):
        found.setdefault((each.method, each.path.count("/")), []).append(each)
    return found


def real_operation(method: str, path: str) -> RealOperation | None:
    """Give the operation of the real service for a method and a path, in any revision, or None."""
    segments = path.removesuffix("/").split("/")
    for each in _real_operations().get((method, len(segments) - 1), ()):
        pattern = each.path.split("/")
        if all(mine in {"{}", theirs} for mine, theirs in zip(pattern, segments, strict=True)):
            return each
    return None
