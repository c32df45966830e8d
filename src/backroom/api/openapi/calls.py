"""How one calls an operation in a revision: with curl, and with the official SDKs.

The page of the API shows calls with the values of the document's examples, and the page of a
resource shows the call that gives it. The key is left for the reader to fill in.

The newest SDK for Python speaks any revision that it is set to, in requests without a body. It
makes bodies by the models of its own revision, with defaults that other revisions refuse. So a
request with a body needs the SDK of its revision. With the SDK for Node every request does.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.api.openapi.samples import MOMENT, SAMPLE_BASE
from backroom.catalog import sdk_names
from backroom.catalog.neighbours import OPERATIONS_BY_NAME, Neighbour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backroom.catalog.operations import Operation

KEY = "YOUR_PRIVATE_KEY"
"""What stands in place of a key."""
_UNTYPED = frozenset({"custom_metadata", "properties"})
"""The members whose content is the caller's own."""
_PYTHON = {True: "True", False: "False", None: "None"}
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")


class SampleCall(NamedTuple):
    """A call in one language, as text."""

    language: str
    text: str


@dataclass(frozen=True)
class SampleRequest:
    """A request, which it writes as text in each language.

    `path` is percent-encoded, with the query. `id` is the id in it as it is, None where there is
    none. `base` is the address of the server, without a slash at its end.
    """

    operation: Operation
    revision: str
    path: str
    id: str | None = None
    body: Any = None
    media_type: str = ""
    base: str = SAMPLE_BASE

    def calls(self) -> list[SampleCall]:
        """Give the call in each language. Only curl has one where the SDKs have no method."""
        made = [SampleCall("curl", self.curl())]
        api_class = sdk_names.api_class(self.operation, self.revision)
        if api_class is not None:
            made.append(SampleCall("Python", "\n".join(self._python_lines(api_class))))
            made.append(SampleCall("Node", "\n".join(self._node_lines(api_class))))
        return made

    def curl(self) -> str:
        """Write one command of a shell."""
        method = self.operation.method
        words = ["curl"] if method == "GET" else ["curl", "-X", method]
        lines = [shlex.join([*words, self.base + self.path])]
        headers = [f"revision: {self.revision}"]
        if not (isinstance(self.operation, Neighbour) and self.operation.public):
            headers.insert(0, f"Authorization: Klaviyo-API-Key {KEY}")
        if self.body is not None:
            headers.append(f"Content-Type: {self.media_type}")
        lines += [shlex.join(["-H", each]) for each in headers]
        if self.body is not None:
            written = json.dumps(self.body, indent=2, ensure_ascii=False)
            lines.append(shlex.join(["--data", written]))
        return " \\\n  ".join(lines)

    def _python_lines(self, api_class: str) -> Iterator[str]:
        asks = self.body is None  # Then the newest SDK is asked for the revision.
        version = sdk_names.PYTHON_VERSIONS.get(self.revision)
        yield f"# {'pip install klaviyo-api' if asks else self._installed('pip', '==', version)}"
        yield "from klaviyo_api import KlaviyoAPI"
        yield ""
        yield "klaviyo = KlaviyoAPI("
        yield f"    {_in_quotes(KEY)},"
        yield f"    test_host={_in_quotes(self.base)},"
        if asks:
            # Its models of answers are those of the newest revision, too.
            yield '    options={"USE_DICTIONARY_FOR_RESPONSE_DATA": True},'
        yield ")"
        if asks:
            yield f'klaviyo.api_client.default_headers["revision"] = {_in_quotes(self.revision)}'
        else:
            yield f"body = {_in_python(self.body)}"
        arguments = [
            *([] if self.id is None else [_in_quotes(self.id)]),
            *([] if asks else ["body"]),
        ]
        name = self.operation.name if asks else sdk_names.method_name(self.operation, self.revision)
        yield f"print(klaviyo.{api_class}.{name}({', '.join(arguments)}))"

    def _node_lines(self, api_class: str) -> Iterator[str]:
        typed = self.revision >= sdk_names.NODE_TYPED_SINCE
        session = "ApiKeySession" if typed else "ConfigWrapper"
        key, base = _in_quotes(KEY), _in_quotes(self.base)
        version = sdk_names.NODE_VERSIONS.get(self.revision)
        yield f"// {self._installed('npm', '@', version)}"
        yield f'const {{ {session}, {api_class}Api }} = require("klaviyo-api");'
        yield ""
        if typed:
            yield f"const api = new {api_class}Api(new {session}({key}));"
            yield f"api.basePath = {base};"
        else:
            yield f"const client = {session}({key});"
            yield f"client.basePath = {base};"
            yield f"const api = new {api_class}Api(client);"
        arguments = [] if self.id is None else [_in_quotes(self.id)]
        if self.body is not None:
            yield f"const body = {_in_node(self.body, typed=typed)};"
            arguments.insert(len(arguments) if typed else 0, "body")
        name = sdk_names.in_camel_case(sdk_names.method_name(self.operation, self.revision))
        yield f"api.{name}({', '.join(arguments)}).then((answer) =>"
        yield "  console.dir(answer.body, { depth: null }),"
        yield ");"

    def _installed(self, program: str, sign: str, version: str | None) -> str:
        """Write how one installs an SDK in the version of the revision, where that is known."""
        command = f"{program} install klaviyo-api"
        if version is None:
            return f"{command}, in a version for revision {self.revision}"
        return f"{command}{sign}{version}"


def calls(document: Mapping[str, Any], path: str, described: Mapping[str, Any]) -> list[SampleCall]:
    """Give the calls of an operation that a document describes, with the values of its examples."""
    operation = OPERATIONS_BY_NAME[described["operationId"]]
    needed = [each for each in described["parameters"] if each.get("required")]
    in_path = [_example_of(each) for each in needed if each["in"] == "path"]
    query = [f"{each['name']}={_example_of(each)}" for each in needed if each["in"] == "query"]
    id_in_path = in_path[0] if in_path else None
    content = described.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    return SampleRequest(
        operation,
        document["info"]["version"],
        path.replace("{id}", id_in_path or "") + (f"?{'&'.join(query)}" if query else ""),
        id_in_path,
        _first_body(document, operation, content[media_type]) if content else None,
        media_type,
    ).calls()


def _first_body(document: Mapping[str, Any], operation: Operation, content: Any) -> Any:
    """Give an example without the members that a first call has no need of.

    A resource names others that an empty catalog lacks. Some versions of the SDKs can't send the
    members that a profile has beside its attributes.
    """
    left_out = "meta" if isinstance(operation, Neighbour) else "relationships"
    schemas = document["components"]["schemas"]

    def needed(value: Any, schema: Any) -> Any:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        if isinstance(value, list):
            return [needed(each, schema.get("items", {})) for each in value]
        if not isinstance(value, dict):
            return value
        properties = schema.get("properties", {})
        return {
            name: needed(each, properties.get(name, {}))
            for name, each in value.items()
            if name != left_out or name not in properties or name in schema.get("required", ())
        }

    return needed(content["example"], content["schema"])


def _example_of(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    return str(next(iter(schema.get("examples", ())), "…"))


def _in_quotes(text: str) -> str:
    """Write a text as both Python and JavaScript read it.

    Characters stand as they are: JSON escapes those beyond 16 bits in a way that Python reads as
    two characters.
    """
    return json.dumps(text, ensure_ascii=False)


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
    if typed and value == MOMENT:
        # Earlier versions of the typed SDK take a moment only in this form.
        return f"new Date({json.dumps(value)})"
    if isinstance(value, list) and value:
        rows = [f"{inner}{_in_node(each, inner, typed=typed)},\n" for each in value]
        return "[\n" + "".join(rows) + margin + "]"
    return json.dumps(value, ensure_ascii=False)


def _member(name: str, *, typed: bool) -> str:
    """Write the name of a member. The typed SDK has them in camel case."""
    # The SDK writes `_kx` as `kx`, and `events-bulk-create` as `eventsBulkCreate`.
    plain = name.lstrip("_").replace("-", "_")
    written = sdk_names.in_camel_case(plain) if typed else name
    return written if _PLAIN_NAME.fullmatch(written) else json.dumps(written, ensure_ascii=False)
