"""Make tests/wire/contract.json from published documents: `scripts/make_contract.py FOLDER`.

FOLDER holds one OpenAPI document for each revision that is to be read, named by its date, as
`2027-01-15.json`. Klaviyo publishes them in the repository klaviyo/openapi (MIT licence), as
`openapi/stable.json` on the branch that is named by the date. A revision without a document in
FOLDER keeps the facts that the contract has of it.

Facts are kept and words are not: descriptions, titles and examples go, references are followed,
`allOf` is merged, `nullable` becomes a type `null`, and lists whose order means nothing are sorted.
Each distinct schema is stored once, under a hash of its text.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACT = Path(__file__).resolve().parents[1] / "tests" / "wire" / "contract.json"
START = "/api/catalog-"
METHODS = ("get", "post", "patch", "delete")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
RELATED = "{related_resource}"
KEPT = ("type", "enum", "format", "default")
IN_QUERY = ("type", "enum", "default", "maximum", "minimum")
LIMITS = {
    "list_max": r"[Rr]eturns a maximum of (\d+) \w+ per request",
    "bulk_max_resources": r"[Aa]ccepts up to (\d+) catalog \w+ per request",
    "bulk_max_body_mb": r"maximum allowed payload size is (\d+)\s*MB",
    "jobs_in_progress_max": r"maximum of (\d+) jobs in progress",
    "custom_metadata_max_kb": r"exceed `?(\d+)\s*kb",
}
"""How descriptions word the limits that no other member of a document states."""
FILTER = re.compile(r"`([\w.]+)`: ((?:`[\w-]+`(?:, )?)+)")


class Document:
    """One published OpenAPI document, and the schemas that were found in it."""

    def __init__(self, document: Any, schemas: dict[str, Any]) -> None:
        self._document = document
        self._schemas = schemas

    def facts(self) -> dict[str, Any]:
        """Give what the contract says of a revision: its limits and its operations."""
        rows = [row for path in self._document["paths"] for row in self._operations(path)]
        rows.sort(key=lambda row: (row["path"], METHODS.index(row["method"].lower())))
        return {"limits": self._limits(), "operations": rows}

    def _limits(self) -> dict[str, int | None]:
        """Read the limits from descriptions. One that is described nowhere is None."""
        text = "\n".join(_descriptions(self._document))
        found = {name: re.search(words, text) for name, words in LIMITS.items()}
        return {name: int(match[1]) if match else None for name, match in found.items()}

    def _operations(self, documented_path: str) -> Iterator[dict[str, Any]]:
        if not documented_path.startswith(START):
            return
        methods = self._document["paths"][documented_path]
        for method in METHODS:
            if method in methods:
                yield self._operation(method.upper(), documented_path, methods[method])

    def _operation(self, method: str, documented_path: str, operation: Any) -> dict[str, Any]:
        parameters = [self._followed(each) for each in operation.get("parameters", [])]
        (status,) = (each for each in operation["responses"] if each.startswith("2"))
        (scope,) = operation["x-klaviyo-scopes"]
        response = self._stored(operation["responses"][status])
        query = {each["name"]: each for each in parameters if each["in"] == "query"}
        return {
            "method": method,
            "path": normal_path(documented_path, parameters),
            "documented_path": documented_path,
            "operation_id": operation["operationId"],
            "aliases": sorted(operation.get("x-klaviyo-operation-aliases", [])),
            "scope": scope.lower().replace(" ", ":"),
            "scope_documented": scope,
            **{each: operation["x-klaviyo-ratelimit"][each] for each in ("burst", "steady")},
            "success_status": int(status),
            "query": {name: self._parameter(query[name]["schema"]) for name in sorted(query)},
            "filters": self._filters(operation, query.get("filter", {}), response[1]),
            **_named("request", self._stored(operation.get("requestBody", {}))),
            **_named("response", response),
            **_named("error", self._stored(operation["responses"]["4XX"])),
        }

    def _parameter(self, schema: Any) -> dict[str, Any]:
        """Give the facts of a query parameter; the values of a list's entries are its own."""
        merged = self.schema(schema)
        values = merged.get("enum") or merged.get("items", {}).get("enum")
        facts = {**schema, **merged} | ({"enum": values} if values else {})
        return {name: facts[name] for name in IN_QUERY if name in facts}

    def _filters(self, operation: Any, parameter: Any, response: str | None) -> dict[str, Any]:
        """Give the fields that may be filtered by, as stated or, in old documents, described."""
        stated = operation.get("x-klaviyo-filters")
        if stated is not None:
            return {name: self._filter(each) for name, each in stated.items()}
        described = FILTER.findall(parameter.get("description", ""))
        return {
            name: {"operators": re.findall(r"`([\w-]+)`", operators), **self._type(response, name)}
            for name, operators in described
        }

    def _filter(self, stated: Any) -> dict[str, Any]:
        operators = [each for group in stated["operators"].values() for each in group]
        return {"operators": operators, **self._parameter(stated["value"])}

    def _type(self, response: str | None, name: str) -> dict[str, Any]:
        """Give the type of the attribute that a filter compares, or text where it is none."""
        data = self._schemas[str(response)]["properties"]["data"]["items"]["properties"]
        attribute = data.get("attributes", {}).get("properties", {}).get(name, {})
        given = attribute.get("type", "string")
        facts = {"type": given if isinstance(given, str) else given[0]}
        return facts | ({"enum": attribute["enum"]} if "enum" in attribute else {})

    def _stored(self, content: Any) -> tuple[str | None, str | None]:
        """Give the media type of a body, and the hash under which its schema is stored."""
        bodies = self._followed(content).get("content", {})
        if not bodies:
            return None, None
        ((media_type, body),) = bodies.items()
        schema = self.schema(body["schema"])
        text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._schemas[name] = json.loads(text)
        return media_type, name

    def schema(self, given: Any) -> dict[str, Any]:
        """Give a schema without references and without words."""
        schema = self._followed(given)
        facts = {name: schema[name] for name in KEPT if name in schema}
        if "enum" in facts:
            facts["enum"] = sorted(each for each in facts["enum"] if each is not None)
        if "properties" in schema:
            members = schema["properties"].items()
            facts["properties"] = {name: self.schema(each) for name, each in members}
        if "items" in schema:
            facts["items"] = self.schema(schema["items"])
        if schema.get("required"):
            facts["required"] = sorted(schema["required"])
        for part in schema.get("allOf", []):
            facts = _merged(facts, self.schema(part))
        if schema.get("nullable"):
            facts["type"] = [facts["type"], "null"]
            if "enum" in facts:
                facts["enum"].append(None)
        return facts

    def _followed(self, given: Any) -> Any:
        """Follow a reference. Facts that stand beside it, as `nullable`, hold too."""
        if "$ref" not in given:
            return given
        found: Any = self._document
        for name in given["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return {**self._followed(found), **{k: v for k, v in given.items() if k != "$ref"}}


def normal_path(documented: str, parameters: list[Any]) -> str:
    """Write a documented path as the newest revision has it."""
    for each in parameters:
        if f"{{{each['name']}}}" == RELATED:
            (related,) = each["schema"]["enum"]
            documented = documented.replace(RELATED, related)
    return re.sub(r"\{(?!job_id)\w+\}", "{id}", documented.rstrip("/"))


def _named(what: str, stored: tuple[str | None, str | None]) -> dict[str, str | None]:
    return {f"{what}_media_type": stored[0], f"{what}_schema": stored[1]}


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Merge two schemas that both hold."""
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = sorted({*one["required"], *other["required"]})
    return merged


def _descriptions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, each in part.items():
            if name == "description" and isinstance(each, str):
                yield each
            else:
                yield from _descriptions(each)
    elif isinstance(part, list):
        for each in part:
            yield from _descriptions(each)


def contract_of(folder: Path, before: Any) -> dict[str, Any]:
    """Give the contract with the facts of each document in a folder."""
    schemas: dict[str, Any] = dict(before["schemas"])
    revisions = dict(before["revisions"])
    for path in sorted(folder.glob("*.json")):
        if not DATE.fullmatch(path.stem):
            raise click.BadParameter(f"{path.name} is not named by a revision's date")
        published = {"repository": "klaviyo/openapi", "branch": path.stem}
        source = revisions.get(path.stem, {}).get("source") or published
        facts = Document(json.loads(path.read_bytes()), schemas).facts()
        revisions[path.stem] = {"source": source, **facts}
    revisions = {date: revisions[date] for date in sorted(revisions)}
    rows = [row for each in revisions.values() for row in each["operations"]]
    used = {row[f"{what}_schema"] for row in rows for what in ("request", "response", "error")}
    kept = {name: schemas[name] for name in sorted(used - {None})}
    return {**before, "revisions": revisions, "schemas": kept}


def written(contract: dict[str, Any]) -> str:
    """Write a contract as the file has it."""
    return json.dumps(contract, separators=(",", ":"))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; fail where the contract would change.")
def main(*, folder: Path, check: bool) -> None:
    """Make tests/wire/contract.json from the OpenAPI documents in FOLDER."""
    before = json.loads(CONTRACT.read_bytes())
    after = contract_of(folder, before)
    changed = [
        date for date, facts in after["revisions"].items() if facts != before["revisions"].get(date)
    ]
    for date in changed:
        click.echo(f"{date}: {'differs' if check else 'written'}")
    if not check:
        CONTRACT.write_text(written(after), encoding="utf-8")
    sys.exit(1 if check and changed else 0)


if __name__ == "__main__":
    main()
