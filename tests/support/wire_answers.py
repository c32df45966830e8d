"""What every answer has to be: closed schemas, nothing missing, everything in its order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from support.wire_contract import (
    INCLUDED_RELATIONSHIPS,
    JOB_ID_IS_ID,
    NO_FIRST_AND_LAST,
    NULLS,
    SINGLE_LINKS,
    error_validator,
    job_validator,
    shows_linkage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jsonschema import Draft202012Validator

    from support.client import Answer
    from support.wire_jobs import Jobs

MEDIA_TYPE = "application/vnd.api+json"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID = re.compile(rf"[0-7][{CROCKFORD}]{{25}}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
WEEK = timedelta(days=7)
JOB_ATTRIBUTES = (
    "status",
    "created_at",
    "total_count",
    "completed_count",
    "failed_count",
    "completed_at",
    "errors",
    "expires_at",
)
VARIANT_ATTRIBUTES = (
    "external_id",
    "title",
    "description",
    "sku",
    "inventory_policy",
    "inventory_quantity",
    "price",
    "url",
    "image_full_url",
    "image_thumbnail_url",
    "images",
    "custom_metadata",
    "published",
    "created",
    "updated",
)
RESOURCE_ATTRIBUTES = {
    "item": tuple(
        name for name in VARIANT_ATTRIBUTES if name != "sku" and not name.startswith("inventory")
    ),
    "variant": VARIANT_ATTRIBUTES,
    "category": ("external_id", "name", "updated"),
}
RELATIONSHIPS = {"item": "variants", "variant": "item", "category": "items"}
DETAILED: dict[str, Any] = {"links": {}, "meta": {}}


def hold_post(jobs: Jobs, answer: Answer, fields: Sequence[str] | None = None) -> None:
    """A 202 holds: the job has been accepted, and nothing more is said."""
    validator = job_validator(jobs.revision, jobs.kind, "post", sparse=fields is not None)
    _hold_document(jobs, answer, 202, validator)
    hold_job(jobs, answer.json["data"], fields=fields, linked=False)
    assert list(answer.json) == _single_members(jobs)
    if jobs.revision >= SINGLE_LINKS:
        assert answer.json["links"]["self"].partition("?")[0] == jobs.url


def hold_one(
    jobs: Jobs,
    answer: Answer,
    query: Mapping[str, str] | None = None,
    *,
    fields: Sequence[str] | None = None,
    linked: bool | None = None,
) -> None:
    """The answer to a call for one job holds."""
    sparse = fields is not None
    _hold_document(jobs, answer, 200, job_validator(jobs.revision, jobs.kind, "one", sparse=sparse))
    data = answer.json["data"]
    including = "include" in (query or {})
    hold_job(jobs, data, fields=fields, linked=True if including else linked)
    assert list(answer.json) == _single_members(jobs, including=including)
    if jobs.revision >= SINGLE_LINKS:
        assert answer.json["links"] == {"self": f"{jobs.url}/{data['id']}{_asked(query)}"}


def hold_list(
    jobs: Jobs,
    answer: Answer,
    query: Mapping[str, str] | None = None,
    *,
    fields: Sequence[str] | None = None,
    linked: bool | None = None,
) -> None:
    """A page of jobs holds, with the links it has to have."""
    sparse = fields is not None
    _hold_document(
        jobs, answer, 200, job_validator(jobs.revision, jobs.kind, "list", sparse=sparse)
    )
    assert list(answer.json) == ["data", "links"]
    for data in answer.json["data"]:
        hold_job(jobs, data, fields=fields, linked=linked)
    links = answer.json["links"]
    assert links["self"] == jobs.url + _asked(query)
    assert [name for name in links if name not in {"first", "last"}] == ["self", "next", "prev"]
    assert ("first" in links) == ("last" in links) == (jobs.revision < NO_FIRST_AND_LAST)


def hold_job(
    jobs: Jobs,
    data: Any,
    *,
    fields: Sequence[str] | None = None,
    linked: bool | None = None,
) -> None:
    """A job has all of its members in their order, and they agree with each other."""
    attributes = data["attributes"]
    if fields is None:
        _hold_whole_attributes(jobs, data["id"], attributes)
    if linked is None:
        done = attributes["status"] == "complete" and attributes["completed_count"] > 0
        linked = done and shows_linkage(jobs.revision, jobs.kind)
    assert list(data) == _job_members(linked=linked)
    assert list(attributes) == shown_attributes(jobs, attributes, fields)
    for identifier in data["relationships"][jobs.kind.plural]["data"] if linked else []:
        assert list(identifier) == ["type", "id"]
    assert data["links"] == {"self": f"{jobs.url}/{data['id']}/"}
    assert ULID.fullmatch(data["id"])
    assert attributes.get("job_id", data["id"]) == data["id"]


def shown_attributes(jobs: Jobs, attributes: Any, fields: Sequence[str] | None) -> list[str]:
    """The attributes that a job must have, in their order."""
    whole = JOB_ATTRIBUTES if jobs.revision >= JOB_ID_IS_ID else ("job_id", *JOB_ATTRIBUTES)
    names = whole if fields is None else fields
    hidden = {"id"}
    if jobs.revision < NULLS and "completed_at" not in attributes:
        hidden.add("completed_at")
    return [name for name in names if name not in hidden]


def _hold_whole_attributes(jobs: Jobs, job_id: str, attributes: Any) -> None:
    complete = attributes["status"] == "complete"
    assert attributes["status"] in {"complete", "processing"}
    assert ("completed_at" in attributes) == (complete or jobs.revision >= NULLS)
    assert (attributes.get("completed_at") is not None) == complete
    created, expires = moment(attributes["created_at"]), moment(attributes["expires_at"])
    assert expires - created == WEEK
    assert abs(ulid_moment(job_id) - created) < timedelta(milliseconds=1)
    ended = attributes["completed_count"] + attributes["failed_count"]
    if complete:
        assert moment(attributes["completed_at"]) >= created
        assert ended == attributes["total_count"]
    assert len(attributes["errors"]) == attributes["failed_count"]
    for entry in attributes["errors"]:
        hold_job_error(entry)


def hold_job_error(entry: Any) -> None:
    """An operation's error has the members that were seen, in the order that was seen."""
    assert list(entry) == ["id", "code", "meta", "title", "detail", "source"]
    assert UUID.fullmatch(entry["id"])
    assert (entry["code"], entry["title"]) == ("invalid", "Invalid input")
    assert list(entry["source"]) == ["pointer"]
    assert isinstance(entry["source"]["pointer"], str)


def hold_resource(jobs: Jobs, resource: Any) -> None:
    """An included resource is as whole as one that was asked for by its id."""
    kind = jobs.kind
    related = jobs.revision >= INCLUDED_RELATIONSHIPS
    assert list(resource) == _job_members(linked=related)
    assert resource["type"] == kind.resource_type
    attributes = resource["attributes"]
    priceless = jobs.revision < NULLS and kind.resource == "item" and "price" not in attributes
    names = RESOURCE_ATTRIBUTES[kind.resource]
    assert list(attributes) == [name for name in names if name != "price" or not priceless]
    address = unquote(resource["links"]["self"])
    assert address == f"{jobs.client.url}/api/catalog-{kind.plural}/{resource['id']}/"
    if related:
        name = RELATIONSHIPS[kind.resource]
        links = resource["relationships"][name]["links"]
        assert list(resource["relationships"]) == [name]
        assert list(links) == ["self", "related"]
        assert unquote(links["self"]) == f"{address}relationships/{name}/"
        assert unquote(links["related"]) == f"{address}{name}/"


def hold_error(
    answer: Answer,
    status: int,
    code: str = "invalid",
    title: str = "Invalid input.",
    **expected: Any,
) -> None:
    """One error, to the letter; `detail` and `source` are compared when given.

    `extra` says what else it has, None that both ways are right.
    """
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert list(answer.json) == ["errors"]
    error = answer.error
    extra = expected.pop("extra", DETAILED if code == "invalid" else {})
    if extra is None:
        extra = {name: {} for name in DETAILED if name in error}
    assert list(error) == ["id", "status", "code", "title", "detail", "source", *extra]
    assert {name: error[name] for name in extra} == extra
    assert UUID.fullmatch(error["id"])
    assert (error["status"], error["code"], error["title"]) == (status, code, title)
    assert {name: error[name] for name in expected} == expected
    assert not list(error_validator().iter_errors(answer.json))


def error_place(answer: Answer) -> str:
    """The pointer of a refused body, without the index of the operation at fault."""
    assert answer.status == 400, answer.body
    hold_error(answer, 400)
    return re.sub(r"/\d+(?=/|$)", "", str(answer.error["source"]["pointer"]))


def moment(text: str) -> datetime:
    assert MOMENT.fullmatch(text)
    return datetime.fromisoformat(text)


def ulid_moment(ulid: str) -> datetime:
    """The time that the first ten characters of a ULID tell."""
    milliseconds = 0
    for letter in ulid[:10]:
        milliseconds = milliseconds * 32 + CROCKFORD.index(letter)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def _hold_document(
    jobs: Jobs,
    answer: Answer,
    status: int,
    validator: Draft202012Validator,
) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["X-Klaviyo-Api-Revision"] == jobs.revision
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(answer.json)]
    assert faults == []


def _single_members(jobs: Jobs, *, including: bool = False) -> list[str]:
    links = ["links"] if jobs.revision >= SINGLE_LINKS else []
    return ["data", *(["included"] if including else []), *links]


def _job_members(*, linked: bool) -> list[str]:
    return ["type", "id", "attributes", *(["relationships"] if linked else []), "links"]


def _asked(query: Mapping[str, str] | None) -> str:
    return "?" + urlencode(query) if query else ""
