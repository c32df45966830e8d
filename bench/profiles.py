"""Flame graphs of a server at work: where the time of a request and of an item goes.

The lock of the profiler is written as those of peers are.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench import accepting, applying, catalog, load, reads, servers
from bench.load import Plan
from sdk import environments

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.servers import Served

PLACE = servers.ROOT / "docs" / "explanation" / "profiles"
_LOCK = Path(__file__).parent / "requirements" / "py-spy.txt"
_SECONDS = 5
_RATE = 400
"""Samples a second."""
_MOST_BYTES = 400_000


def _profiler() -> Path:
    python = environments.python_with(_LOCK, "py-spy", servers.CACHE)
    return python.parent / "py-spy"


def _drawn(served: Served, name: str, meanwhile: Callable[[], object]) -> Path:
    """Sample a server while something is done with it, and draw what was seen."""
    PLACE.mkdir(parents=True, exist_ok=True)
    file = PLACE / f"{name}.svg"
    command = [str(_profiler()), "record", "--pid", str(served.process), "--output", str(file)]
    command += ["--duration", str(_SECONDS), "--rate", str(_RATE), "--function", "--threads"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            meanwhile()
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    if process.returncode:
        raise click.ClickException(f"the profiler failed: {said.decode()[-500:]}")
    drawn = re.sub(r"(?<=>)[^<]*py-spy[^<]*(?=<)", name, file.read_text(encoding="utf-8"))
    assert len(drawn) < _MOST_BYTES, f"{file.name} has {len(drawn)} bytes"
    assert str(servers.ROOT) not in drawn
    file.write_text(drawn, encoding="utf-8")
    return file


def _asking(served: Served, path: str, key: str, revision: str) -> Callable[[], object]:
    question, _ = catalog.reading(served, path, key, revision)
    streams = [[question]] * reads.CONNECTIONS
    return partial(load.run, Plan(served.port, streams, seconds=_SECONDS + 1.0))


def _reading(directory: Path) -> list[Path]:
    newest, oldest = catalog.REVISIONS["newest"], catalog.REVISIONS["oldest"]
    with reads.with_jobs(directory / "reading" / "backroom.db") as (served, _, key):
        job = f"{catalog.JOBS}/{reads.jobs_shown(served, key)[50]['id']}"
        return [
            _drawn(served, "get-one-job", _asking(served, job, key, newest)),
            _drawn(served, "get-one-job-oldest-revision", _asking(served, job, key, oldest)),
            _drawn(served, "get-page-of-jobs", _asking(served, catalog.JOBS, key, newest)),
        ]


def _accepting(directory: Path) -> list[Path]:
    home = directory / "accepting"
    home.mkdir()
    database = home / "backroom.db"
    keys = accepting.keys(str(database), accepting.ACCOUNTS * accepting.CONNECTIONS)
    with servers.backroom(database, "--job-delay", accepting.DELAY_SECONDS) as served:
        streams = accepting.streams(served.port, keys)
        plan = Plan(served.port, streams, seconds=_SECONDS + 1.0)
        return [_drawn(served, "post-job", partial(load.run, plan))]


def _applying(directory: Path) -> list[Path]:
    waiting = applying.prepared(directory / "applying", 1000)
    with applying.draining(waiting, directory / "drained") as (served, _):
        return [_drawn(served, "apply-jobs", lambda: None)]


@click.command("profile")
def command() -> None:
    """Draw flame graphs of reading, accepting and applying."""
    servers.CACHE.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(load.ended)
        directory = Path(tempfile.mkdtemp(prefix="profile-", dir=servers.CACHE))
        stack.callback(shutil.rmtree, directory)
        for part in (_reading, _accepting, _applying):
            for file in part(directory):
                click.echo(file.relative_to(servers.ROOT))
