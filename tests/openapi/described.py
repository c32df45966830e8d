"""What the server's own documents say, read back for comparison."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from backroom.api.openapi import publish

Place = tuple[str, str]


@cache
def document(revision: str) -> Any:
    """The document as it is served."""
    return msgspec.json.decode(publish.published_document(revision).body)


@cache
def operations(revision: str) -> dict[Place, Any]:
    """What is said of each operation, by method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document(revision)["paths"].items()
        for method, operation in methods.items()
    }


def own(place: Place) -> Place:
    """Where the document has what the contract has at `place`."""
    method, path = place
    return method, path.replace("{job_id}", "{id}")


def success(revision: str, place: Place) -> tuple[int, Any]:
    """The status and the response of an operation that succeeds."""
    responses = operations(revision)[place]["responses"]
    ((status, response),) = ((int(each), it) for each, it in responses.items() if "$ref" not in it)
    return status, response


def resolved(revision: str, node: Any) -> Any:
    """What a reference refers to; anything else is itself."""
    found = node
    if "$ref" in node:
        found = document(revision)
        for step in node["$ref"].split("/")[1:]:
            found = found[step]
    return found


def request_schema(revision: str, place: Place) -> Any:
    body = operations(revision)[place].get("requestBody")
    return body and _first_schema(revision, body)


def answer_schema(revision: str, place: Place) -> Any:
    _, response = success(revision, place)
    return _first_schema(revision, response)


def refusal_schema(revision: str, status: int) -> Any:
    responses = document(revision)["components"]["responses"]
    return _first_schema(revision, responses[f"Refused{status}"])


def _first_schema(revision: str, holder: Any) -> Any:
    for content in holder.get("content", {}).values():
        return resolved(revision, content["schema"])
    return None


def faults(schema: Any, value: Any) -> list[str]:
    """Where a value is not as a schema has it."""
    found = validator(schema).iter_errors(value)
    return [f"{fault.json_path}: {fault.message}" for fault in found]


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
