"""The official Python SDK, unmodified from the registry, keeps a catalog."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdk.environments import python_of

if TYPE_CHECKING:
    from support.client import Client

LIFE = Path(__file__).parent / "lives" / "python"
PATIENCE = 120

REVISION_OF = {
    "1.0.3": "2022-10-17",
    "1.3.1": "2023-02-22",
    "2.0.2": "2023-02-22",
    "3.0.0": "2023-06-15",
    "5.2.0": "2023-09-15",
    "6.1.0": "2023-12-15",
    "8.0.0": "2024-05-15",
    "9.0.0": "2024-06-15",
    "16.0.0": "2024-10-15",
    "21.0.0": "2025-10-15",
    "25.0.0": "2026-10-15",
}

pytestmark = pytest.mark.slow
each_version = pytest.mark.parametrize("version", REVISION_OF)


def live(chapter: str, version: str, client: Client) -> None:
    """Run one chapter of the life with one version of the SDK; its own words say what failed."""
    command = [str(python_of(version)), "-I", str(LIFE), chapter, version, REVISION_OF[version]]
    command += [client.url, client.key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{chapter} by SDK {version}:\n{done.stdout}{done.stderr}"


@each_version
def test_catalog_lives_by_jobs(version: str, client: Client) -> None:
    live("life", version, client)


@each_version
def test_jobs_are_listed_by_status(version: str, client: Client) -> None:
    live("lists", version, client)


@each_version
def test_pages_reach_every_job(version: str, client: Client) -> None:
    live("pages", version, client)


@each_version
def test_errors_reach_the_caller(version: str, client: Client) -> None:
    live("errors", version, client)


@each_version
def test_every_method_under_every_name_works(version: str, client: Client) -> None:
    live("methods", version, client)


@each_version
def test_lists_are_filtered_sorted_and_cut_down(version: str, client: Client) -> None:
    live("search", version, client)


@each_version
def test_pages_reach_every_item(version: str, client: Client) -> None:
    live("shelves", version, client)


@each_version
def test_refusals_of_resources_reach_the_caller(version: str, client: Client) -> None:
    live("refusals", version, client)


@pytest.mark.parametrize("version", ["1.0.3", "8.0.0", "25.0.0"])
def test_headers_keep_their_names(version: str, client: Client) -> None:
    live("headers", version, client)
