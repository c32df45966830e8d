"""The command itself: `backroom.cli`."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from click.testing import CliRunner

from backroom import __version__
from backroom.cli import main

VERBS = ["serve", "migrate", "keys", "import", "revisions"]


def test_help_lists_the_verbs() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    positions = [result.output.index(f"\n  {verb} ") for verb in VERBS]
    assert positions == sorted(positions)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {verb}")


def test_short_flag_helps_too() -> None:
    assert CliRunner().invoke(main, ["-h"]).output == CliRunner().invoke(main, ["--help"]).output


def test_version_is_told() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output == f"backroom, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["nothing"], ["migrate", "--nothing"], ["revisions", "x"]])
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


def test_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    result = CliRunner().invoke(main, ["revisions"])
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def test_module_is_the_command() -> None:
    command = [sys.executable, "-m", "backroom", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.endswith(f"version {__version__}\n")
