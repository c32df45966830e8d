"""The whole OpenAPI document of a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api import headers
from backroom.api.openapi import bodies, faults, samples, words
from backroom.api.openapi.neighbours import TAGS, neighbour_parts
from backroom.api.openapi.parameters import parameters
from backroom.api.openapi.parts import OperationParts
from backroom.api.openapi.schemas import Schema, common_schema
from backroom.catalog.kinds import KINDS
from backroom.catalog.neighbours import SERVED_OPERATIONS, Neighbour
from backroom.catalog.operations import OPERATIONS, Operation, body_limit
from backroom.revisions import LADDER

if TYPE_CHECKING:
    from backroom.revisions import Revision

OPENAPI_VERSION = "3.1.1"
MEDIA_TYPE = "application/vnd.api+json"
_SCHEMES = {
    "Klaviyo-API-Key": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Klaviyo-API-Key` and a private key, with a space between them.",
    },
    "Bearer": {"type": "http", "scheme": "bearer", "description": "The same key as a token."},
}


def openapi_document(revision: Revision) -> dict[str, Any]:
    """Make the OpenAPI document of a revision."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Schema] = {}
    for operation in SERVED_OPERATIONS:
        if revision.date >= operation.since:
            described = _described_operation(operation, revision, schemas)
            paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Catalogs API, as served by backroom",
            "version": revision.date,
            "description": words.ABOUT_THE_API.format(date=revision.date) + _changes_text(revision),
        },
        "servers": [{"url": "/"}],
        "tags": [
            *({"name": name} for kind in KINDS.values() for name in _tags(kind.plural)),
            *({"name": name} for name in _neighbour_tags(paths)),
        ],
        "paths": paths,
        "components": {
            "securitySchemes": _SCHEMES,
            "headers": _headers(revision),
            "responses": _refusal_responses(),
            "schemas": schemas,
        },
    }


def _neighbour_tags(paths: dict[str, dict[str, Any]]) -> list[str]:
    """Give the tags of the neighbours that the revision has."""
    used = {each for methods in paths.values() for one in methods.values() for each in one["tags"]}
    return [each for each in TAGS if each in used]


def _tags(plural: str) -> tuple[str, str]:
    return plural, f"bulk jobs on {plural}"


def _changes_text(revision: Revision) -> str:
    """Say what the revision changed: the first line of each of its changes."""
    lines = [f"- {change.description.partition(chr(10))[0]}" for change in LADDER[revision.date]]
    return "\n".join(["", "What this revision changed:", "", *lines, ""]) if lines else ""


def _described_operation(
    operation: Operation, revision: Revision, schemas: dict[str, Schema]
) -> dict[str, Any]:
    """Describe an operation. The schemas of its body and its answer are added to `schemas`."""
    rate = operation.rates.at(revision.date)
    parts = (
        neighbour_parts(operation, revision)
        if isinstance(operation, Neighbour)
        else _catalog_parts(operation, revision)
    )
    scopes = parts.scopes
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": parts.summary,
        "description": parts.description,
        "tags": [parts.tag],
        "security": [] if scopes is None else [{scheme: scopes} for scheme in _SCHEMES],
        "x-backroom-rate": {"burst": rate.burst, "steady": rate.steady},
        "parameters": parts.parameters,
    }
    if parts.body is not None:
        name = f"{operation.name}_body"
        schemas[name] = parts.body
        described["requestBody"] = _request_body(name, parts.body_example, revision)
    success = _success(revision)
    if parts.answer is not None:
        name = f"{operation.name}_answer"
        schemas[name] = parts.answer
        content = {"schema": _reference(name), "example": parts.answer_example}
        success["content"] = {MEDIA_TYPE: content}
    described["responses"] = {str(operation.status): success} | {
        str(status): {"$ref": f"#/components/responses/{_refusal(status)}"}
        for status in faults.statuses(operation)
    }
    return described


def _catalog_parts(operation: Operation, revision: Revision) -> OperationParts:
    owner = operation.parent or operation.kind
    plain, jobs = _tags(owner.plural)
    body = bodies.body_schema(operation, revision) if operation.has_body else None
    forms = samples.answers(operation, revision)
    return OperationParts(
        words.operation_summary(operation),
        words.operation_description(operation),
        jobs if operation.bulk else plain,
        [operation.scope],
        parameters(operation, revision),
        body,
        None if body is None else bodies.body_example(body),
        common_schema(forms) if forms else None,
        forms[0] if forms else None,
    )


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _request_body(name: str, example: Any, revision: Revision) -> dict[str, Any]:
    content = {"schema": _reference(name), "example": example}
    return {
        "description": f"At most {body_limit(revision.date):,} bytes, once decompressed.",
        "required": True,
        "content": {MEDIA_TYPE: content, "application/json": {"schema": _reference(name)}},
    }


def _success(revision: Revision) -> dict[str, Any]:
    names = _headers(revision)
    return {
        "description": "Done.",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }


def _refusal(status: int) -> str:
    return f"Refused{status}"


def _refusal_responses() -> dict[str, Any]:
    every = sorted({each for operation in OPERATIONS for each in faults.statuses(operation)})
    return {
        _refusal(status): {
            "description": faults.status_description(status),
            "content": {
                MEDIA_TYPE: {
                    "schema": faults.error_schema(status),
                    "example": faults.error_example(status),
                }
            },
        }
        for status in every
    }


def _headers(revision: Revision) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        headers.API_REVISION.decode(): {
            "description": "The revision of the answer.",
            "required": True,
            "schema": {"type": "string", "enum": [revision.date]},
        },
        headers.REQUEST_ID.decode(): {
            "description": "The id of the request. An error has the same `id`.",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        },
        headers.CID.decode(): {
            "description": "The public id of the account.",
            "required": True,
            "schema": text,
        },
        headers.RATE_LIMIT.decode(): {
            "description": "Requests allowed in a second, and each window. Absent without limits.",
            "schema": text,
        },
        headers.RATE_REMAINING.decode(): {
            "description": "The requests left in this second. Absent without limits.",
            "schema": {"type": "integer", "minimum": 0},
        },
        headers.RATE_RESET.decode(): {
            "description": "The seconds until there are more. Absent without limits.",
            "schema": {"type": "integer", "minimum": 0},
        },
        headers.RETIREMENT_DATE.decode(): {
            "description": "The day on which the real service retires the revision, if known.",
            "schema": {"type": "string", "format": "date"},
        },
    }
