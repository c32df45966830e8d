"""What the `Dockerfile` says, and what its steps make, run without a container engine."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from backroom.cli import main
from sdk.environments import interpreter, kept, run_uv
from support.process import DEADLINE, Programs, until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
STEPS = [
    (name, rest)
    for line in TEXT.splitlines()
    if line and not line.startswith("#")
    for name, _, rest in [line.strip().partition(" ")]
]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def arguments(step: str) -> list[str]:
    """What the last step of a name says."""
    return [rest for name, rest in STEPS if name == step][-1:]


def copied() -> list[str]:
    """All that is copied from the source."""
    steps = [rest.split() for name, rest in STEPS if name == "COPY" and "--from" not in rest]
    return [source for *sources, _ in steps for source in sources]


def test_everything_copied_is_there() -> None:
    assert all((ROOT / source).exists() for source in copied())


def test_nothing_copied_is_left_out() -> None:
    assert "*" in IGNORED
    kept_back = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert {source.partition("/")[0] for source in copied()} == kept_back


def test_image_runs_as_nobody_special() -> None:
    (user,) = arguments("USER")
    assert int(user) >= 1000
    names = [name for name, _ in STEPS]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "RUN" not in names[names.index("USER") :]


def test_image_tells_its_health() -> None:
    (check,) = arguments("HEALTHCHECK")
    program, command = json.loads(check[check.index("[") :])
    assert program == "backroom"
    assert command in main.list_commands(click.Context(main))


def test_image_locks_what_it_installs() -> None:
    installs = [rest for name, rest in STEPS if name == "RUN" and "pip install" in rest]
    assert all(re.search(r"--require-hashes|--no-deps", rest) for rest in installs)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the image installs it: built, not as it stands in the source."""
    target = tmp_path_factory.mktemp("site")
    python = ("--python", sys.executable)
    run_uv("pip", "install", *python, "--no-deps", "--target", str(target), str(ROOT))
    return target


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter with what the image's locks name, and nothing else."""
    return with_locks("image", "run.txt", "postgres.txt")


def with_locks(name: str, *locks: str) -> str:
    files = [ROOT / "requirements" / each for each in locks]

    def make(home: Path) -> None:
        run_uv("venv", "--clear", "--python", sys.executable, str(home))
        into = ("--require-hashes", "--python", str(interpreter(home)))
        run_uv("pip", "sync", *into, *map(str, files))

    recipe = f"{sys.version} {sys.base_prefix} {[each.read_text() for each in files]}"
    return str(interpreter(kept(name, recipe, make)))


@pytest.fixture
def programs(tmp_path: Path, python: str) -> Iterator[Programs]:
    started = Programs(tmp_path, python)
    yield started
    started.end()


def test_installed_package_serves(programs: Programs, site: Path) -> None:
    server = programs.serve(PYTHONPATH=str(site))
    assert server.announced(), server.errors
    status = programs.start("status", "--url", server.url, PYTHONPATH=str(site))
    until(lambda: status.ended, "the status")
    assert (status.process.wait(DEADLINE), "ok" in status.output) == (0, True)


@pytest.mark.parametrize(
    "setting",
    [
        {"BACKROOM_DATABASE": "postgresql://127.0.0.1:1/x"},
        {"BACKROOM_LIMITS": "real", "BACKROOM_LIMITS_STORE": "redis://127.0.0.1:1"},
    ],
)
def test_small_installation_names_the_extra(
    tmp_path: Path, site: Path, setting: dict[str, str]
) -> None:
    programs = Programs(tmp_path, with_locks("small", "run.txt"))
    server = programs.serve(PYTHONPATH=str(site), **setting)
    assert server.wait() == 1
    assert server.errors == (
        "Error: PostgreSQL and shared limits need more packages: pip install 'backroom[postgres]'\n"
    )
