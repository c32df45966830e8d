"""The methods in the calls on the page of the API are there in the SDKs of their revisions."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.neighbours import NEIGHBOURS
from backroom.catalog.operations import OPERATIONS
from backroom.catalog.sdk_names import NODE_TYPED_SINCE, api_class, in_camel_case, method_name
from sdk import test_node_sdk, test_python_sdk
from sdk.environments import node, node_sdk, python_of

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 120
PYTHON = """
import json, sys
from klaviyo_api import KlaviyoAPI
api = KlaviyoAPI("key", test_host="http://127.0.0.1:1")
called = json.load(sys.stdin)
found = [getattr(getattr(api, of, None), method, None) for of, method in called]
print(json.dumps([each for each, one in zip(called, found) if not callable(one)]))
"""
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
        for each in (*OPERATIONS, *NEIGHBOURS)
        if revision >= each.since and (of := api_class(each, revision)) is not None
    ]


def output(command: list[str], given: str = "") -> list[list[str]]:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    missing: list[list[str]] = json.loads(done.stdout)
    return missing


@pytest.mark.parametrize("version", ["1.0.3", "3.0.0", "9.0.0", "16.0.0", "25.0.0"])
def test_python_has_the_methods(version: str) -> None:
    called = methods(test_python_sdk.REVISION_OF[version])
    assert output([str(python_of(version)), "-I", "-c", PYTHON], json.dumps(called)) == []


@pytest.mark.parametrize("version", test_node_sdk.REVISION_OF)
def test_node_has_the_methods(version: str) -> None:
    revision = test_node_sdk.REVISION_OF[version]
    typed = json.dumps(revision >= NODE_TYPED_SINCE)
    called = json.dumps(methods(revision, in_camel_case))
    command = [str(node()), "-e", NODE, str(node_sdk(version)), typed, called]
    assert output(command) == []
