"""How one calls an operation in a revision: with curl, and with the official SDKs.

The values are those of the document's examples. The calls name the server at its usual address,
which the script of the page replaces by the one that it came from.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.api.openapi.samples import BASE
from backroom.catalog import sdk_names
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.catalog.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "pk_your_key"
"""What stands in place of a key."""
_OPERATIONS = {each.name: each for each in (*OPERATIONS, *NEIGHBOURS)}
_UNTYPED = frozenset({"custom_metadata", "properties"})
"""The members whose content is the caller's own."""
_PYTHON = {True: "True", False: "False", None: "None"}
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")


class SampleCall(NamedTuple):
    """A call in one language, as text."""

    language: str
    text: str


def calls(revision: str, method: str, path: str, described: Mapping[str, Any]) -> list[SampleCall]:
    """Give the calls of an operation that a document describes. Some have no method in an SDK."""
    operation = _OPERATIONS[described["operationId"]]
    request = _Request(revision, method.upper(), path, described)
    made = [SampleCall("curl", "\n".join(request.curl()))]
    api_class = sdk_names.api_class(operation, revision)
    if api_class is not None:
        name = sdk_names.method_name(operation, revision)
        made.append(SampleCall("Python", "\n".join(request.python(api_class, name))))
        made.append(
            SampleCall("Node", "\n".join(request.node(api_class, sdk_names.in_camel_case(name))))
        )
    return made


class _Request:
    """One request with the values of the examples."""

    def __init__(self, revision: str, method: str, path: str, described: Mapping[str, Any]) -> None:
        self.revision = revision
        self.method = method
        needed = [each for each in described["parameters"] if each.get("required")]
        in_path = [_example_of(each) for each in needed if each["in"] == "path"]
        query = [f"{each['name']}={_example_of(each)}" for each in needed if each["in"] == "query"]
        self.id = in_path[0] if in_path else None
        self.path = path.replace("{id}", self.id or "") + (f"?{'&'.join(query)}" if query else "")
        content = described.get("requestBody", {}).get("content", {})
        self.media_type = next(iter(content), "")
        self.body = content[self.media_type]["example"] if content else None
        self.has_key = bool(described["security"])

    def curl(self) -> Iterator[str]:
        lines = [f"curl -X {self.method} {_for_shell(BASE + self.path)}"]
        if self.has_key:
            lines.append(f"-H {_for_shell(f'Authorization: Klaviyo-API-Key {KEY}')}")
        lines.append(f"-H {_for_shell(f'revision: {self.revision}')}")
        if self.body is not None:
            lines.append(f"-H {_for_shell(f'Content-Type: {self.media_type}')}")
            lines.append(
                f"--data {_for_shell(json.dumps(self.body, indent=2, ensure_ascii=False))}"
            )
        yield " \\\n  ".join(lines)

    def python(self, api_class: str, method: str) -> Iterator[str]:
        yield "from klaviyo_api import KlaviyoAPI"
        yield ""
        yield f"klaviyo = KlaviyoAPI({json.dumps(KEY)}, test_host={json.dumps(BASE)})"
        arguments = [] if self.id is None else [_in_python(self.id)]
        if self.body is not None:
            yield f"body = {_in_python(self.body)}"
            arguments.append("body")
        yield f"print(klaviyo.{api_class}.{method}({', '.join(arguments)}))"

    def node(self, api_class: str, method: str) -> Iterator[str]:
        typed = self.revision >= sdk_names.NODE_TYPED_SINCE
        session = "ApiKeySession" if typed else "ConfigWrapper"
        key, base = json.dumps(KEY), json.dumps(BASE)
        yield f'const {{ {session}, {api_class}Api }} = require("klaviyo-api");'
        yield ""
        if typed:
            yield f"const api = new {api_class}Api(new {session}({key}));"
            yield f"api.basePath = {base};"
        else:
            yield f"const client = {session}({key});"
            yield f"client.basePath = {base};"
            yield f"const api = new {api_class}Api(client);"
        arguments = [] if self.id is None else [json.dumps(self.id)]
        if self.body is not None:
            yield f"const body = {_in_node(self.body, typed=typed)};"
            arguments.insert(len(arguments) if typed else 0, "body")
        called = f"api.{method}({', '.join(arguments)})"
        yield f"{called}.then((answer) => console.log(answer.body));"


def _example_of(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    return str(next(iter(schema.get("examples", ())), "…"))


def _for_shell(text: str) -> str:
    """Quote a text for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _in_python(value: Any, margin: str = "") -> str:
    inner = f"{margin}    "
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{_in_python(name)}: {_in_python(each, inner)},\n"
            for name, each in value.items()
        ]
        return "{\n" + "".join(rows) + margin + "}"
    if isinstance(value, list) and value:
        return (
            "[\n" + "".join(f"{inner}{_in_python(each, inner)},\n" for each in value) + margin + "]"
        )
    if value is None or isinstance(value, bool):
        return _PYTHON[value]
    return json.dumps(value, ensure_ascii=False)


def _in_node(value: Any, margin: str = "", *, typed: bool) -> str:
    inner = f"{margin}  "
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{_member(name, typed=typed)}:"
            f" {_in_node(each, inner, typed=typed and name not in _UNTYPED)},\n"
            for name, each in value.items()
        ]
        return "{\n" + "".join(rows) + margin + "}"
    if isinstance(value, list) and value:
        rows = [f"{inner}{_in_node(each, inner, typed=typed)},\n" for each in value]
        return "[\n" + "".join(rows) + margin + "]"
    return json.dumps(value, ensure_ascii=False)


def _member(name: str, *, typed: bool) -> str:
    """Write the name of a member. The typed SDK has them in camel case."""
    written = sdk_names.in_camel_case(name) if typed else name
    return written if _PLAIN_NAME.fullmatch(written) else json.dumps(written, ensure_ascii=False)
