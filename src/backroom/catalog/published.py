"""The published specifications of the neighbours, and the paths of the whole real API.

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


class Facts(NamedTuple):
    """The published schemas of an operation, from a revision on.

    They are those of its parameters by name, of its body and of its answer.
    """

    since: str
    query: dict[str, Schema]
    body: Schema | None
    answer: Schema | None


def _read_facts(name: str) -> Any:
    return msgspec.json.decode((resources.files("backroom.catalog") / "facts" / name).read_bytes())


@cache
def _steps() -> dict[str, list[Facts]]:
    file = _read_facts("neighbours.json")
    schemas = file["schemas"]
    return {
        place: [
            Facts(
                each["since"], each["query"], schemas.get(each["body"]), schemas.get(each["answer"])
            )
            for each in steps
        ]
        for place, steps in file["operations"].items()
    }


_SINGLES = {"GET /api/profiles": "POST /api/profiles"}
"""Lists that are published without the attributes which each single resource has."""


@cache
def published_facts(operation: Neighbour, revision: str) -> Facts:
    """Give the published schemas of an operation in a revision that has it."""
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
    return facts._replace(answer=answer)


def _in_force(place: str, revision: str) -> Facts:
    return next(each for each in _steps()[place] if revision >= each.since)


@cache
def _real_operations() -> dict[tuple[str, int], list[str]]:
    """Give the paths of the operations of the real service, by method and number of segments."""
    found: dict[tuple[str, int], list[str]] = {}
    for method, path, _, _ in _read_facts("real_operations.json"):
        found.setdefault((method, path.count("/")), []).append(path)
    return found


def real_operation(method: str, path: str) -> str | None:
    """Give the path of the operation of the real service for a method and a path, or None.

    It may be an operation of any revision. `{}` stands for an id in its path.
    """
    segments = path.removesuffix("/").split("/")
    for each in _real_operations().get((method, len(segments) - 1), ()):
        if all(
            mine in {"{}", theirs} for mine, theirs in zip(each.split("/"), segments, strict=True)
        ):
            return each
    return None
