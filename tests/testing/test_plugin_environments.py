"""The pytest plugin beside the oldest and the newest pytest, uvicorn, and FastAPI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sdk.environments import interpreter, run_uv

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {
    "oldest": ["pytest==7.0.0", "uvicorn==0.38.0"],
    "fastapi": ["--upgrade-package", "uvicorn", "pytest", "fastapi", "pytest-asyncio"],
}
TESTS = """
import asyncio
import urllib.request

import pytest

def status(backroom, path="/api/catalog-items"):
    request = urllib.request.Request(backroom.url + path, headers=backroom.headers)
    with urllib.request.urlopen(request) as answer:
        return answer.status

@pytest.mark.parametrize("turn", [1, 2])
def test_each_has_a_clean_account(backroom, turn):
    backroom.seed()
    assert status(backroom) == 200

@pytest.mark.backroom(revision="2023-02-22", limits="real", pace={"after_reads": 2})
def test_marker_holds(backroom):
    assert backroom.revision == "2023-02-22"

def test_code_may_have_a_loop_of_its_own(backroom):
    async def called():
        return await asyncio.to_thread(status, backroom)
    assert asyncio.run(called()) == 200

def test_failed_one_shows_its_journal(backroom):
    status(backroom, "/api/catalog-itms")
"""


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has this package beside such versions."""
    home = tmp_path_factory.mktemp(request.param) / "environment"
    run_uv("venv", "--python", sys.executable, str(home))
    made = interpreter(home)
    run_uv("pip", "install", "--python", str(made), str(ROOT), *ENVIRONMENTS[request.param])
    return made


def ran(python: Path, home: Path, *flags: str) -> str:
    command = [str(python), "-m", "pytest", "--strict-markers", "-p", "no:cacheprovider", *flags]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_plugin_works(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(TESTS)
    for mode in ("thread", "process"):
        said = ran(python, tmp_path, "-o", f"backroom_mode={mode}")
        assert "1 failed, 4 passed, 1 warning" in said, said
        assert "404 GET    /api/catalog-itms" in said, said


def test_plugin_costs_an_empty_run_nothing(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    own = {each for each in sys.modules if each.startswith('backroom')}\n"
        "    assert own == {'backroom', 'backroom.testing', 'backroom.testing.plugin'}\n"
    )
    assert "1 passed" in ran(python, tmp_path)
