"""An environment for each version of a Python SDK, made once from its lock file.

A lock is written (again) by

    echo klaviyo-api==1.0.3 | uv pip compile - --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-header --no-annotate \
        -o tests/sdk/requirements/python-1.0.3.txt
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import uv

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".cache" / "sdk"
PATIENCE = 600


def python_of(version: str) -> Path:
    """The interpreter of an environment that holds exactly what the version's lock names.

    The environment is made aside and renamed when it is complete, so whatever has its name can
    be used, and of several processes that make it at the same time the first one wins. A lock or
    an interpreter that changes gets another name.
    """
    lock = HERE / "requirements" / f"python-{version}.txt"
    recipe = f"{sys.version} {sys.base_prefix} {lock.read_text()}"
    home = KEPT / f"{version}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if not home.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{version}-", dir=KEPT))
        try:
            make(aside, lock)
            aside.rename(home)
        except OSError:
            if not home.exists():
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return interpreter(home)


def interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make(home: Path, lock: Path) -> None:
    run("venv", "--clear", "--python", sys.executable, str(home))
    python = str(interpreter(home))
    run("pip", "sync", "--require-hashes", "--compile-bytecode", "--python", python, str(lock))


def run(*arguments: str) -> None:
    command = [uv.find_uv_bin(), "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"uv {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
