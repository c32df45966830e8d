"""`scripts/add_revision.py`, run on a copy of the tree: what it leaves is whole."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backroom.revisions import NEWEST

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "scripts", "docs", "bench")
FILES = ("pyproject.toml", *(path.name for path in ROOT.glob("*.md")))
HELD = (
    "tests/revisions/test_ladder.py",
    "tests/wire/test_contract.py",
    "tests/wire/test_revision_header.py",
    "tests/catalog/test_operations.py",
    "tests/api/test_asked_revision.py",
    "tests/api/test_control.py",
    "tests/api/test_openapi.py",
    "tests/api/test_openapi_calls.py",
    "tests/cli/test_revisions.py",
    "tests/test_docs.py",
)
RELEASED = dt.date.fromisoformat(NEWEST)
NEXT = (RELEASED + dt.timedelta(days=92)).isoformat()
LAST_DAY = f"{RELEASED.year + 1}-12-31"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the repository, without what others made in it."""
    ignored = shutil.ignore_patterns("__pycache__", "databases")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, with the package of the copy."""
    # Nothing of the run that this test is in: the copy's tests are a run of their own.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = kept | {"PYTHONPATH": str(tree / "src")}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def added(tree: Path, date: str) -> subprocess.CompletedProcess[str]:
    return run(tree, "scripts/add_revision.py", date)


@pytest.mark.slow
@pytest.mark.parametrize("date", [NEXT, LAST_DAY])
def test_tests_hold_for_another_revision(tree: Path, date: str) -> None:
    done = added(tree, date)
    assert done.returncode == 0, done.stderr
    held = run(tree, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow", *HELD)
    assert held.returncode == 0, held.stdout[-5000:]


@pytest.mark.slow
def test_revisions_can_follow_each_other(tree: Path) -> None:
    assert added(tree, NEXT).returncode == 0
    assert added(tree, LAST_DAY).returncode == 0
    listed = run(tree, "-m", "backroom", "revisions").stdout.splitlines()
    assert [line for line in listed if line[0] != " "][:3] == [LAST_DAY, NEXT, NEWEST]
    for name in ("README.md", "CHANGELOG.md", "docs/reference/revisions.md"):
        assert LAST_DAY in (tree / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (NEWEST, "not later than the newest revision"),
        ("2024-02-20", "not later than the newest revision"),
        ("2099-02-30", "does not match the format"),
        ("soon", "does not match the format"),
    ],
)
def test_other_dates_are_refused(tree: Path, date: str, words: str) -> None:
    done = added(tree, date)
    assert done.returncode == 2
    assert words in done.stderr
