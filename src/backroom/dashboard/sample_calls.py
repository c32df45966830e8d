"""The call that gives a resource, as text to copy: for curl and for the official SDKs.

What they say of the SDKs is what their versions do: that for Python can be set to a revision, each
version of that for Node speaks its own. The key is left for the reader to fill in.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog import node_sdk
from backroom.catalog.ids import resource_id
from backroom.control.in_process import path_of_resource

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind

KEY = "YOUR_PRIVATE_KEY"


class Sample(NamedTuple):
    """A call in one language. `name` is part of the id of an element."""

    name: str
    title: str
    text: str


def sample_calls(base: str, kind: Kind, external_id: str, revision: str) -> list[Sample]:
    """Give the calls that read a resource in a revision from the server at `base`."""
    return [
        Sample("curl", "curl", _curl(base, kind, external_id, revision)),
        Sample("python", "Python", _python_call(base, kind, external_id, revision)),
        Sample("node", "Node", _node(base, kind, external_id, revision)),
    ]


def _curl(base: str, kind: Kind, external_id: str, revision: str) -> str:
    lines = [
        f"curl {shlex.quote(base + path_of_resource(kind, external_id))}",
        f"-H 'Authorization: Klaviyo-API-Key {KEY}'",
        f"-H 'revision: {revision}'",
    ]
    return " \\\n  ".join(lines)


def _python_call(base: str, kind: Kind, external_id: str, revision: str) -> str:
    return "\n".join(
        [
            "# pip install klaviyo-api",
            "from klaviyo_api import KlaviyoAPI",
            "",
            f'klaviyo = KlaviyoAPI("{KEY}", test_host={_in_quotes(base)})',
            f'klaviyo.api_client.default_headers["revision"] = "{revision}"',
            f"{kind.name} = klaviyo.Catalogs.get_catalog_{kind.name}(",
            f"    {_in_quotes(resource_id(external_id))},",
            '    options={"USE_DICTIONARY_FOR_RESPONSE_DATA": True},',
            ")",
            f"print({kind.name})",
        ]
    )


def _node(base: str, kind: Kind, external_id: str, revision: str) -> str:
    version = node_sdk.VERSIONS.get(revision)
    named = f"npm install klaviyo-api@{version}" if version else "npm install klaviyo-api"
    whose = "" if version else f", in a version for revision {revision}"
    if revision >= node_sdk.SESSIONS_SINCE:
        opened = [
            'import { ApiKeySession, CatalogsApi } from "klaviyo-api";',
            "",
            f'const catalogs = new CatalogsApi(new ApiKeySession("{KEY}"));',
            f"catalogs.basePath = {_in_quotes(base)};",
        ]
        read = "const { body } = await"
        shown = "body"
    else:
        opened = [
            'import { CatalogsApi, ConfigWrapper } from "klaviyo-api";',
            "",
            f'const client = ConfigWrapper("{KEY}");',
            f"client.basePath = {_in_quotes(base)};",
            "const catalogs = new CatalogsApi(client);",
        ]
        read = "const answer = await"
        shown = "answer"
    method = f"getCatalog{kind.name.capitalize()}"
    return "\n".join(
        [
            f"// {named}{whose}",
            *opened,
            f"{read} catalogs.{method}({_in_quotes(resource_id(external_id))});",
            f"console.log({shown});",
        ]
    )


def _in_quotes(text: str) -> str:
    """Write a text as both Python and JavaScript read it.

    Characters stand as they are: JSON escapes those beyond 16 bits in a way that Python reads as
    two characters.
    """
    return json.dumps(text, ensure_ascii=False)
