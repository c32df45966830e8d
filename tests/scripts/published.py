"""OpenAPI documents in the published form, made from the facts of the contract: the way back."""

from __future__ import annotations

from typing import Any

FILTERS_STATED_SINCE = "2024-07-15"
"""Documents before it are made with filters in descriptions alone, as the oldest have them."""
LIMIT_WORDS = {
    "list_max": "Returns a maximum of {} items per request.",
    "bulk_max_resources": "Accepts up to {} catalog items per request.",
    "bulk_max_body_mb": "The maximum allowed payload size is {}MB.",
    "jobs_in_progress_max": "There is a maximum of {} jobs in progress at one time.",
    "custom_metadata_max_kb": "May not exceed {}kb.",
}


def document(date: str, facts: Any, schemas: Any) -> dict[str, Any]:
    """The document that a revision's facts could have come from."""
    components: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for row in reversed(facts["operations"]):
        methods = paths.setdefault(row["documented_path"], {})
        methods[row["method"].lower()] = _operation(date, row, schemas, components)
    words = " ".join(
        LIMIT_WORDS[name].format(number) for name, number in facts["limits"].items() if number
    )
    paths["/api/accounts"] = {"get": {"operationId": "get_accounts", "description": words}}
    return {"openapi": "3.0.2", "paths": paths, "components": {"schemas": components}}


def _operation(date: str, row: Any, schemas: Any, components: Any) -> dict[str, Any]:
    def content(what: str) -> dict[str, Any]:
        name = row[f"{what}_schema"]
        if name is None:
            return {"description": "Success"}
        components[name] = published(schemas[name], components)
        schema = {"$ref": f"#/components/schemas/{name}"}
        return {"description": "", "content": {row[f"{what}_media_type"]: {"schema": schema}}}

    made: dict[str, Any] = {
        "operationId": row["operation_id"],
        "parameters": _parameters(row),
        "responses": {str(row["success_status"]): content("response"), "4XX": content("error")},
        "x-klaviyo-operation-aliases": list(reversed(row["aliases"])),
        "x-klaviyo-ratelimit": {"burst": row["burst"], "steady": row["steady"]},
        "x-klaviyo-scopes": [row["scope_documented"]],
    }
    if row["request_schema"]:
        made["requestBody"] = {"required": True, **content("request")}
    if date >= FILTERS_STATED_SINCE:
        made["x-klaviyo-filters"] = {
            name: {
                "operators": {"single": each["operators"]},
                "value": {key: value for key, value in each.items() if key != "operators"},
            }
            for name, each in row["filters"].items()
        }
    return made


def _parameters(row: Any) -> list[dict[str, Any]]:
    header = {"name": "revision", "in": "header", "schema": {"type": "string"}}
    related = {"name": "related_resource", "in": "path"}
    related["schema"] = {"type": "string", "enum": [row["path"].rpartition("/")[2]]}  # type: ignore[assignment]
    made = [
        {"name": name, "in": "query", "schema": _in_query(q)} for name, q in row["query"].items()
    ]
    for each in made:
        if each["name"] == "filter":
            filters = row["filters"].items()
            fields = (
                f"`{name}`: {', '.join(f'`{op}`' for op in f['operators'])}" for name, f in filters
            )
            each["description"] = "Allowed field(s)/operator(s):<br>" + "<br>".join(fields)
    return [header, *reversed(made), *([related] if "related" in row["documented_path"] else [])]


def _in_query(facts: Any) -> dict[str, Any]:
    if facts["type"] != "array":
        return dict(facts)
    return {"type": "array", "items": {"type": "string", "enum": list(reversed(facts["enum"]))}}


def published(schema: Any, components: Any) -> dict[str, Any]:
    """A schema as it is published: with words, references, `nullable`, and in another order."""
    made = {name: each for name, each in schema.items() if name not in {"properties", "items"}}
    made |= {"description": "What it is.", "example": "x", "title": "X"}
    if isinstance(schema.get("type"), list):
        made |= {"type": schema["type"][0], "nullable": True}
    if "enum" in schema:
        made["enum"] = [each for each in reversed(schema["enum"]) if each is not None]
    if "required" in schema:
        made["required"] = list(reversed(schema["required"]))
    if "items" in schema:
        made["items"] = published(schema["items"], components)
    if "properties" in schema:
        members = {name: published(each, components) for name, each in schema["properties"].items()}
        made["properties"] = dict(reversed(members.items()))
    if "links" in schema.get("properties", {}):
        name = f"Links{len(components)}"
        components[name] = made["properties"].pop("links")
        made["allOf"] = [{"properties": {"links": {"$ref": f"#/components/schemas/{name}"}}}]
    return made
