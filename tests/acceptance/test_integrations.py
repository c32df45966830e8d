"""Three integrations of strangers, each tested with the pytest plugin by tests of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdk.environments import python_with

HERE = Path(__file__).parent
PROGRAMS = HERE / "integrations"
PATIENCE = 120
ALONE = "-p no:schemathesis -p no:randomly -p no:cacheprovider -W error::backroom.testing.NeverUsed"


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder of what the integrations import: the newest official SDK, httpx, requests."""
    made = python_with(HERE / "requirements" / "integrations.txt", "integrations")
    return next(made.parents[1].glob("[Ll]ib*/**/site-packages"))


@pytest.mark.parametrize("name", sorted(each.stem for each in PROGRAMS.glob("*_tests.py")))
@pytest.mark.parametrize("mode", ["thread", "process"])
def test_integration_passes_its_tests(name: str, mode: str, packages: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(tmp_path / "pytest.ini")]
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nbackroom_mode = {mode}\n")
    done = subprocess.run(
        [*command, str(PROGRAMS / f"{name}.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(packages), "PYTEST_ADDOPTS": ALONE},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
