"""The OpenAPI document of the control API, made from its table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.control.route import ControlRoute, Member

_NAMED = re.compile(r"\{(\w+)\}")
_ERROR = {
    "description": "The server can't do this. The error says what to do instead.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def control_document(routes: Iterable[ControlRoute], prefix: str) -> dict[str, Any]:
    """Describe routes, all of which are below `prefix`, in OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for route in routes:
        operations = paths.setdefault(prefix + route.path, {})
        operations[route.method.lower()] = _described_route(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "backroom control API", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}},
                }
            },
        },
    }


def _described_route(route: ControlRoute) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _NAMED.findall(route.path)
    ]
    parameters += [
        {
            "name": each.name,
            "in": "query",
            "required": each.required,
            "description": each.words,
            "schema": {"type": "string"},
        }
        for each in route.query or ()
    ]
    answer: dict[str, Any] = {"description": "It is done."}
    if route.status != 204:  # noqa: PLR2004 - the status without a body
        answer["content"] = {"application/json": {"schema": {}}}
    described: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "parameters": parameters,
        "responses": {str(route.status): answer, "default": _ERROR},
    }
    if route.method != "GET" and route.body != () and route.method != "DELETE":
        described["requestBody"] = _members_schema(route.body)
    return described


def operation_id(route: ControlRoute) -> str:
    """Give the name of a route in the document: its method, and the words of its path."""
    words = [word for word in re.split(r"[^a-z_]+", route.path.lower()) if word]
    return "_".join([route.method.lower(), *words])


def _members_schema(members: tuple[Member, ...] | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    needed = [each.name for each in members or () if each.required]
    if members is not None:
        schema["additionalProperties"] = False
        schema["properties"] = {
            each.name: {"type": each.form, "description": each.words} for each in members
        }
    if needed:
        schema["required"] = needed
    return {"required": bool(needed), "content": {"application/json": {"schema": schema}}}
