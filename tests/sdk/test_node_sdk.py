"""The official Node SDK, unmodified from the registry, keeps a catalog."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdk.environments import node, node_sdk

if TYPE_CHECKING:
    from support.client import Client

LIFE = Path(__file__).parent / "lives" / "node" / "main.cjs"
PATIENCE = 120

REVISION_OF = {
    "3.0.0": "2023-02-22",
    "10.1.0": "2024-06-15",
    "23.0.0": "2026-07-15",
}

pytestmark = pytest.mark.slow
each_version = pytest.mark.parametrize("version", REVISION_OF)


def live(chapter: str, version: str, client: Client) -> None:
    """Run one chapter of the life with one version of the SDK; its own words say what failed."""
    command = [str(node()), str(LIFE), chapter, str(node_sdk(version)), version]
    command += [REVISION_OF[version], client.url, client.key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{chapter} by SDK {version}:\n{done.stdout}{done.stderr}"


@each_version
def test_every_method_under_every_name_works(version: str, client: Client) -> None:
    live("methods", version, client)


@each_version
def test_lists_are_filtered_sorted_and_cut_down(version: str, client: Client) -> None:
    live("search", version, client)


def test_filters_are_escaped_as_the_builder_does(client: Client) -> None:
    live("escapes", "23.0.0", client)


@each_version
def test_pages_reach_every_item(version: str, client: Client) -> None:
    live("pages", version, client)


@each_version
def test_errors_reach_the_caller(version: str, client: Client) -> None:
    live("refusals", version, client)
