"""Facts on the pages that no table is made of, held against the program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from backroom.api.control import ROUTES
from backroom.catalog.operations import OPERATIONS
from docs.blocks import ROOT
from support.client import Client

if TYPE_CHECKING:
    from support.process import Programs

SOURCE = "".join(path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
TEXTS = re.sub(r'"\s+f?"', "", SOURCE)
"""The program with the parts of each text joined."""


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def messages(name: str) -> list[str]:
    """The messages in the tables of a page: the first code in a row."""
    return re.findall(r"^\|(?: \d+ \|)? `([^`]+)` \|", page(name), re.MULTILINE)


@pytest.mark.parametrize("name", ["reference/troubleshooting", "reference/upgrade"])
def test_messages_are_those_of_the_program(name: str) -> None:
    assert len(messages(name)) > 3
    assert [each for each in messages(name) if each not in TEXTS] == []


def test_health_paths_are_those_served() -> None:
    shown = set(re.findall(r"`(/[a-z_/]*health[a-z/]*)`", page("reference/health")))
    assert shown == {each.path for each in ROUTES if "health" in each.path}


def test_scopes_are_those_of_operations() -> None:
    shown = set(re.findall(r"`([a-z]+:[a-z]+)`", page("reference/keys-and-accounts")))
    assert shown == {each.scope for each in OPERATIONS}


@pytest.mark.slow
def test_throttled_client_gets_the_rate_shown(programs: Programs) -> None:
    shown = re.search(
        r"`BACKROOM_LIMITS=([\d.]+)`.*? (\d+) jobs of a kind in a second and (\d+) in a minute",
        page("how-to/use-in-ci"),
    )
    assert shown is not None
    scale, burst, steady = shown.groups()
    server = programs.serve("--ephemeral", "--limits", scale)
    answer = Client(server.url, server.key).request(
        "POST", "/api/catalog-item-bulk-create-jobs", json={}
    )
    assert answer.headers["RateLimit-Limit"] == f"{burst}, {burst};w=1, {steady};w=60"
