"""The contract facts of every revision, and its schemas with every object closed.

The facts are in tests/wire/contract.json, which scripts/make_contract.py makes.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTRACT: Any = msgspec.json.decode(
    (Path(__file__).parents[1] / "wire" / "contract.json").read_bytes(),
)
REVISIONS: tuple[str, ...] = tuple(CONTRACT["revisions"])
FIRST_REVISION = REVISIONS[0]

# When something moved. The facts of the revisions on both sides of a date show what.
SKU_IN_UPDATES = "2023-02-22"
MORE_RELATIONSHIPS = "2023-02-22"
WRAPPED_BODIES = "2023-07-15"
JOB_ID_IS_ID = "2023-12-15"
DELETE_READS_WITHOUT_DATA = "2023-12-15"
READS_WITHOUT_DATA = "2023-12-15"
NULLS = "2024-02-15"
RELATIONSHIP_DATA_OPTIONAL = "2024-05-15"
DATA_OPTIONAL = "2024-05-15"
FILTERED_ID_LISTS = "2024-10-15"
NO_FIRST_AND_LAST = "2025-04-15"
SINGLE_LINKS = "2026-01-15"
ID_LIST_LINKS = "2026-01-15"
DELETE_READS_WITH_DATA = "2026-04-15"
INCLUDED_RELATIONSHIPS = "2026-04-15"
ID_AMONG_FIELDS = "2026-04-15"
FIELDS_ON_POST = "2026-04-15"
PAGE_SIZE = "2026-04-15"

PLURALS = {"item": "items", "variant": "variants", "category": "categories"}
VERBS = ("create", "update", "delete")


@dataclass(frozen=True)
class Kind:
    """One of the nine bulk job kinds."""

    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.resource}-{self.verb}"

    @property
    def type(self) -> str:
        return f"catalog-{self.resource}-bulk-{self.verb}-job"

    @property
    def path(self) -> str:
        return f"/api/{self.type}s"

    @property
    def plural(self) -> str:
        return PLURALS[self.resource]

    @property
    def resource_type(self) -> str:
        return f"catalog-{self.resource}"

    @property
    def error_meta(self) -> str:
        """What tells an operation's error from the others."""
        return "external_id" if self.verb == "create" else "id"

    @property
    def reads_can_include(self) -> bool:
        return self.verb != "delete"


@dataclass(frozen=True)
class Operation:
    """One row of a revision's operation table."""

    method: str
    path: str
    scope: str
    burst: str
    steady: str
    success_status: int
    query: dict[str, dict[str, Any]]
    filters: dict[str, dict[str, Any]]
    request_schema: str | None
    response_schema: str | None
    error_schema: str

    @property
    def rate_limit(self) -> str:
        """What `RateLimit-Limit` says of it."""
        burst, steady = self.burst.removesuffix("/s"), self.steady.removesuffix("/m")
        return f"{burst}, {burst};w=1, {steady};w=60"


KINDS = tuple(Kind(resource, verb) for resource in PLURALS for verb in VERBS)
KIND = {str(kind): kind for kind in KINDS}
OPERATIONS: Mapping[str, Mapping[tuple[str, str], Operation]] = {
    revision: {
        (row["method"], row["path"]): msgspec.convert(row, Operation) for row in facts["operations"]
    }
    for revision, facts in CONTRACT["revisions"].items()
}

every_revision = pytest.mark.parametrize("revision", REVISIONS)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
including_kinds = pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.reads_can_include],
    ids=str,
)


def since(revision: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("revision", [each for each in REVISIONS if each >= revision])


def before(revision: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("revision", [each for each in REVISIONS if each < revision])


def posting(revision: str, kind: Kind) -> Operation:
    return OPERATIONS[revision]["POST", kind.path]


def listing(revision: str, kind: Kind) -> Operation:
    return OPERATIONS[revision]["GET", kind.path]


def getting(revision: str, kind: Kind) -> Operation:
    return OPERATIONS[revision]["GET", kind.path + "/{job_id}"]


def wraps_operations(revision: str) -> bool:
    return revision >= WRAPPED_BODIES


def needs_parent(revision: str) -> bool:
    """Whether a variant must name its item when it is created."""
    return "2023-09-15" <= revision <= "2024-02-15" or revision >= "2025-01-15"


def shows_linkage(revision: str, kind: Kind) -> bool:
    """Whether reads of a complete job name the resources it was applied to."""
    silent = DELETE_READS_WITHOUT_DATA <= revision < DELETE_READS_WITH_DATA
    return kind.verb != "delete" or not silent


linking_kinds = pytest.mark.parametrize(
    ("revision", "kind"),
    [(each, kind) for each in REVISIONS for kind in KINDS if shows_linkage(each, kind)],
    ids=str,
)


def job_field_values(revision: str) -> list[str]:
    """The values that `fields` of any job type may have."""
    kind = KINDS[0]
    return list(listing(revision, kind).query[f"fields[{kind.type}]"]["enum"])


def closed(schema: Any) -> Any:
    """The same schema, with every object that names its members closed."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(part) for name, part in schema.items()}
    if shut.get("type") == "object" and "properties" in shut:
        shut["additionalProperties"] = False
    return shut


@cache
def request_schema(name: str) -> Any:
    return closed(CONTRACT["schemas"][name])


@cache
def request_validator(name: str) -> Draft202012Validator:
    return _validator(request_schema(name))


@cache
def error_validator() -> Draft202012Validator:
    """Errors as documented everywhere, and the three members that the live service adds."""
    (name,) = {each.error_schema for rows in OPERATIONS.values() for each in rows.values()}
    schema = closed(CONTRACT["schemas"][name])
    error = schema["properties"]["errors"]["items"]["properties"]
    error["status"] = {"type": "integer"}
    error["links"] = error["meta"] = {"type": "object"}
    return _validator(schema)


@cache
def job_validator(
    revision: str,
    kind: Kind,
    answers: Literal["post", "list", "one"],
    *,
    sparse: bool = False,
) -> Draft202012Validator:
    """The closed answer schema of one operation, with the differences that are known."""
    operation = {"post": posting, "list": listing, "one": getting}[answers](revision, kind)
    assert operation.response_schema
    members = closed(deepcopy(CONTRACT["schemas"][operation.response_schema]))["properties"]
    members.pop("meta", None)
    allow_null_pages(members, revision)
    job = members["data"]["items"] if answers == "list" else members["data"]
    _adjust_job(job, revision, kind)
    if answers == "post":
        job["properties"].pop("relationships")
    else:
        _adjust_linkage(job, kind)
    if sparse:
        for shown in (job, members.get("included", {}).get("items", {})):
            shown.get("properties", {}).get("attributes", {}).pop("required", None)
    required = ["data", "links"] if "links" in members else ["data"]
    return _validator(
        {
            "type": "object",
            "properties": members,
            "required": required,
            "additionalProperties": False,
        },
    )


def allow_null_pages(members: Any, revision: str) -> None:
    """Page links may be null everywhere; first and last are gone before the documents say so."""
    links = members.get("links", {}).get("properties", {})
    for page in ("next", "prev"):
        if page in links:
            links[page]["type"] = ["string", "null"]
    if revision >= NO_FIRST_AND_LAST:
        links.pop("first", None)
        links.pop("last", None)


def _adjust_job(job: Any, revision: str, kind: Kind) -> None:
    """Old jobs have `id` beside `job_id`; a job's errors carry `meta`."""
    if revision < JOB_ID_IS_ID:
        job["properties"]["id"] = {"type": "string"}
        job["required"].append("id")
    entry = job["properties"]["attributes"]["properties"]["errors"]["items"]
    entry["properties"]["meta"] = {
        "type": "object",
        "properties": {kind.error_meta: {"type": "string"}},
        "required": [kind.error_meta],
        "additionalProperties": False,
    }
    entry["required"].append("meta")


def _adjust_linkage(job: Any, kind: Kind) -> None:
    """A job's relationship is its data alone, or nothing where no data is declared."""
    relationships = job["properties"]["relationships"]
    relationships["required"] = [kind.plural]
    linkage = relationships["properties"][kind.plural]
    linkage["properties"].pop("links", None)
    linkage["required"] = ["data"]
    if "data" not in linkage["properties"]:
        job["properties"].pop("relationships")


def _validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
