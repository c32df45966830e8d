"""The calls on the page of a resource give the resource, pasted as they are, with a key put in."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from backroom.api.openapi.calls import KEY, calls
from backroom.api.openapi.document import openapi_document
from backroom.api.openapi.samples import SAMPLE_BASE
from backroom.catalog.sdk_names import NODE_VERSIONS, PYTHON_VERSIONS
from backroom.dashboard.catalog_links import resource_path
from backroom.revisions import LADDER, REVISIONS
from backroom.testing.journal import Wanted
from conftest import client_of
from sdk import test_node_sdk, test_python_sdk
from sdk.environments import node, node_sdk, python_of
from support.stocked import put
from support.visitor import TOKEN, Visitor, shown_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase
    from support.client import Client

PATIENCE = 120
ODD = "ein 'blauer' \"Krug\" / $(größe) 🫖?#%"
TITLES = {"item": "Blue mug", "variant": "Large mug", "category": "All mugs"}
NEWEST_PYTHON = list(test_python_sdk.REVISION_OF)[-1]
Reads = set[tuple[str | None, str | None, int]]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shown(new_database: NewDatabase) -> Iterator[Server]:
    """A server with a journal, whose pages can be opened."""
    with shown_server(new_database(), limits="off") as server:
        yield server


@pytest.fixture
def client(shown: Server) -> Client:
    """A client of that server, whose catalog has one odd id."""
    made = client_of(shown)
    put(made, "category", ODD, name=TITLES["category"])
    put(made, "item", ODD, title=TITLES["item"], categories=[ODD])
    put(made, "variant", ODD, title=TITLES["variant"], item=ODD)
    return made


@pytest.fixture
def empty(shown: Server) -> Client:
    """A client of that server, whose catalog is empty."""
    return client_of(shown)


def pasted(client: Client, language: str, revision: str) -> list[str]:
    """The calls on the pages of the three resources."""
    visitor = Visitor(client.url)
    visitor.sign_in(TOKEN)
    texts = []
    for kind in TITLES:
        page = visitor.read(resource_path(client.account, kind, ODD, revision=revision))
        call = page.partition(f'<pre id="sample-{language}"')[2].partition(">")[2]
        text = html.unescape(call.partition("</pre>")[0])
        assert KEY in text
        texts.append(text.replace(KEY, client.key))
    return texts


def printed(command: list[str], text: str, **variables: str) -> str:
    done = subprocess.run(
        command,
        input=text,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked_of(server: Server, client: Client) -> Reads:
    """What the account has read: operations, in which revisions, with which statuses."""
    assert server.journal is not None
    found = server.journal.find(Wanted(account=client.account, method="GET"))
    return {(each.operation, each.revision, each.status) for each in found}


def reads(revision: str) -> Reads:
    return {(f"get_catalog_{kind}", revision, 200) for kind in TITLES}


def test_python_calls_give_resources(shown: Server, client: Client) -> None:
    texts = [text for revision in LADDER for text in pasted(client, "python", revision)]
    # One process runs all of them: importing the SDK takes longer than the calls.
    output = printed([str(python_of(NEWEST_PYTHON)), "-I", "-X", "utf8", "-"], "\n".join(texts))
    assert {output.count(title) for title in TITLES.values()} == {len(LADDER)}
    assert asked_of(shown, client) == set().union(*map(reads, LADDER))


@pytest.mark.parametrize("version", test_node_sdk.REVISION_OF)
def test_node_calls_give_resources(version: str, shown: Server, client: Client) -> None:
    revision = test_node_sdk.REVISION_OF[version]
    assert NODE_VERSIONS[revision] == version
    texts = pasted(client, "node", revision)
    assert all(f"klaviyo-api@{version}\n" in text for text in texts)
    packages = str(node_sdk(version) / "node_modules")
    blocks = "\n".join(f"{{\n{text}\n}}" for text in texts)
    output = printed([str(node()), "-"], blocks, NODE_PATH=packages)
    assert all(title in output for title in TITLES.values())
    assert asked_of(shown, client) == reads(revision)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell here")
def test_curl_calls_give_resources(shown: Server, client: Client) -> None:
    texts = pasted(client, "curl", min(LADDER))
    output = printed(["sh"], "\n".join(texts))
    assert all(title in output for title in TITLES.values())
    assert asked_of(shown, client) == reads(min(LADDER))


def calls_of_the_page(language: str, revision: str, client: Client) -> dict[str, str]:
    """All calls in a language, with the key of the account and the address of its server."""
    document = openapi_document(REVISIONS[revision])
    return {
        each["operationId"]: call.text.replace(KEY, client.key).replace(SAMPLE_BASE, client.url)
        for path, methods in document["paths"].items()
        for each in methods.values()
        for call in calls(document, path, each)
        if call.language == language
    }


def hold_answers(server: Server, client: Client, revision: str, operations: set[str]) -> None:
    """Each call came, in the revision, and was answered: with 404 where a sample is of nothing."""
    assert server.journal is not None
    found = server.journal.find(Wanted(account=client.account, revision=revision))
    assert {each.operation for each in found} == operations
    assert {each.status for each in found} <= {200, 201, 202, 204, 404}


def test_all_python_calls_are_answered(shown: Server, empty: Client) -> None:
    revision = test_python_sdk.REVISION_OF[NEWEST_PYTHON]
    texts = calls_of_the_page("Python", revision, empty)
    blocks = [
        f"try:\n{indent(text, '    ')}\nexcept NotFoundException: pass" for text in texts.values()
    ]
    program = "\n".join(["from openapi_client.exceptions import NotFoundException", *blocks])
    printed([str(python_of(NEWEST_PYTHON)), "-I", "-X", "utf8", "-"], program)
    hold_answers(shown, empty, revision, set(texts))


@pytest.mark.parametrize("version", ["3.0.0", "10.1.0", "23.0.0"])
def test_all_node_calls_are_answered(version: str, shown: Server, empty: Client) -> None:
    revision = test_node_sdk.REVISION_OF[version]
    texts = calls_of_the_page("Node", revision, empty)
    blocks = "\n".join(f"{{\n{text}\n}}" for text in texts.values())
    # A refusal fails a promise. What else fails ends the program.
    program = f"process.on('unhandledRejection', () => {{}});\n{blocks}"
    packages = str(node_sdk(version) / "node_modules")
    printed([str(node()), "-"], program, NODE_PATH=packages)
    hold_answers(shown, empty, revision, set(texts))


def test_python_versions_are_those_tried() -> None:
    tried = {revision: version for version, revision in test_python_sdk.REVISION_OF.items()}
    assert tried == PYTHON_VERSIONS


def test_node_versions_are_those_published() -> None:
    """The package of an SDK lists all versions before it, with their revisions."""
    changes = node_sdk("23.0.0") / "node_modules" / "klaviyo-api" / "CHANGELOG.md"
    headings = [
        line.removeprefix("## ").replace("revision", "").replace("-", " ", 1).split()
        for line in changes.read_text("utf-8").splitlines()
        if line.startswith("## [")
    ]
    newest: dict[str, str] = {}
    for version, *_, date in headings:
        newest.setdefault(date, version.strip("[]"))
    assert {date: newest.get(date) for date in NODE_VERSIONS} == NODE_VERSIONS
