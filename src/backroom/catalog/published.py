"""What the published specifications say of the neighbours and of the whole real API.

The files are read when something in them is first needed: most servers never need them.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

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


@cache
def published_facts(operation: Neighbour, revision: str) -> Facts:
    """Give what an operation takes and gives in a revision that has it."""
    steps = _steps()[f"{operation.method} {operation.path}"]
    return next(each for each in steps if revision >= each.since)
