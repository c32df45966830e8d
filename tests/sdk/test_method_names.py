"""The methods in the calls on the page of the API are there in the SDKs of their revisions."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from backroom.api.openapi.calls import KEY, calls
from backroom.api.openapi.document import openapi_document
from backroom.api.openapi.samples import SAMPLE_BASE
from backroom.catalog.neighbours import SERVED_OPERATIONS
from backroom.catalog.sdk_names import NODE_TYPED_SINCE, api_class, in_camel_case, method_name
from backroom.revisions import REVISIONS
from sdk import test_node_sdk, test_python_sdk
from sdk.environments import node, node_sdk, python_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Client

PATIENCE = 120
BEFORE_RENAMING = "1.3.1"
"""The first SDK of its revision. The second one, 2.0.2, has the names that were published."""
NODE = """
const [home, typed, called] = process.argv.slice(1);
const sdk = require(home + "/node_modules/klaviyo-api");
const make = (name) =>
  typed === "true"
    ? new sdk[name + "Api"](new sdk.ApiKeySession("key"))
    : new sdk[name + "Api"](sdk.ConfigWrapper("key"));
const missing = JSON.parse(called).filter(
  ([name, method]) => !sdk[name + "Api"] || typeof make(name)[method] !== "function");
console.log(JSON.stringify(missing));
"""

pytestmark = pytest.mark.slow


def methods(revision: str, write: Callable[[str], str] = str) -> list[list[str]]:
    return [
        [of, write(method_name(each, revision))]
        for each in SERVED_OPERATIONS
        if revision >= each.since and (of := api_class(each, revision)) is not None
    ]


def methods_of(version: str) -> set[tuple[str, str]]:
    """The classes of an SDK with their methods. Importing it would take seconds."""
    home = python_of(version).parents[1]
    found = set()
    for file in home.glob("lib/python*/site-packages/**/api/*_api.py"):
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("class "):
                of = re.split(r"[(:]", line.removeprefix("class "))[0].removesuffix("Api")
            elif line.startswith("    def "):
                found.add((of, line.removeprefix("    def ").partition("(")[0]))
    return found


@pytest.mark.parametrize("version", sorted(test_python_sdk.REVISION_OF.keys() - {BEFORE_RENAMING}))
def test_python_has_the_methods(version: str) -> None:
    called = {(of, name) for of, name in methods(test_python_sdk.REVISION_OF[version])}
    assert called - methods_of(version) == set()


@pytest.mark.parametrize("version", test_node_sdk.REVISION_OF)
def test_node_has_the_methods(version: str) -> None:
    revision = test_node_sdk.REVISION_OF[version]
    typed = json.dumps(revision >= NODE_TYPED_SINCE)
    called = json.dumps(methods(revision, in_camel_case))
    command = [str(node()), "-e", NODE, str(node_sdk(version)), typed, called]
    assert json.loads(printed(command)) == []


def calls_of(revision: str, name: str, client: Client) -> dict[str, str]:
    """The calls on the page, with an account's key and the address of its server."""
    document = openapi_document(REVISIONS[revision])
    (made,) = (
        calls(document, path, each)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
        if each["operationId"] == name
    )
    return {
        each.language: each.text.replace(SAMPLE_BASE, client.url).replace(KEY, client.key)
        for each in made
    }


def printed(command: list[str], **variables: str) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("python", "there"), [("2.0.2", "3.0.0"), ("25.0.0", "23.0.0")])
def test_calls_run_as_pasted(client: Client, python: str, there: str) -> None:
    name, said = "bulk_create_catalog_categories", "processing"
    newest = calls_of(test_python_sdk.REVISION_OF[python], name, client)
    assert said in printed(["bash", "-c", f"{newest['curl']} --fail-with-body -sS"])
    assert said in printed([str(python_of(python)), "-I", "-c", newest["Python"]])
    text = calls_of(test_node_sdk.REVISION_OF[there], name, client)["Node"]
    packages = str(node_sdk(there) / "node_modules")
    assert said in printed([str(node()), "-e", text], NODE_PATH=packages)
