"""The official Python SDK, unmodified from the registry, keeps a catalog."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdk.environments import python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Sdk:
    """A process with one version of the SDK."""

    def __init__(self, version: str, url: str) -> None:
        self.version = version
        command = [python_of(version), "-I", LIFE, version, REVISION_OF[version], url]
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def live(self, chapter: str, client: Client) -> None:
        """Live one chapter with an account; the process says what failed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        patience = threading.Timer(PATIENCE, self.process.kill)
        patience.start()
        try:
            self.process.stdin.write(f"{chapter} {client.key}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        finally:
            patience.cancel()
        wrong = json.loads(answer) if answer else "the process has ended"
        assert not wrong, f"{chapter} by SDK {self.version}:\n{wrong}"


@pytest.fixture(scope="module", params=REVISION_OF)
def sdk(request: pytest.FixtureRequest, server_url: str) -> Iterator[Sdk]:
    """Each version of the SDK in turn."""
    started = Sdk(request.param, server_url)
    yield started
    started.process.communicate(timeout=PATIENCE)


def test_catalog_lives_by_jobs(sdk: Sdk, client: Client) -> None:
    sdk.live("life", client)


def test_jobs_are_listed_by_status(sdk: Sdk, client: Client) -> None:
    sdk.live("lists", client)


def test_pages_reach_every_job(sdk: Sdk, client: Client) -> None:
    sdk.live("pages", client)


def test_errors_reach_the_caller(sdk: Sdk, client: Client) -> None:
    sdk.live("errors", client)


def test_every_method_under_every_name_works(sdk: Sdk, client: Client) -> None:
    sdk.live("methods", client)


def test_lists_are_filtered_sorted_and_cut_down(sdk: Sdk, client: Client) -> None:
    sdk.live("search", client)


def test_pages_reach_every_item(sdk: Sdk, client: Client) -> None:
    sdk.live("shelves", client)


def test_refusals_of_resources_reach_the_caller(sdk: Sdk, client: Client) -> None:
    sdk.live("refusals", client)


@pytest.mark.parametrize("sdk", ["1.0.3", "8.0.0", "25.0.0"], indirect=True)
def test_headers_keep_their_names(sdk: Sdk, client: Client) -> None:
    sdk.live("headers", client)


@pytest.mark.parametrize("sdk", ["25.0.0"], indirect=True)
def test_stock_is_waited_for(sdk: Sdk, client: Client) -> None:
    sdk.live("waiting", client)
