"""Others that answer the same calls, each in an environment of its own, and how they are started.

Locks name every package with its hashes, in a directory for each peer: those of Python are written
as the ones of `tests/sdk/environments.py`, those of Node as well.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backroom.revisions import NEWEST
from bench import catalog, servers
from sdk import environments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

    from bench.servers import Served

HERE = Path(__file__).parent
_START_SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """What a peer is given: a directory of its own, the database, a key, and a server of ours."""

    directory: Path
    database: Path
    key: str
    ours: Served


@dataclass(frozen=True)
class Peer:
    """One of them. `install` gives the program; `serve` runs it in a world."""

    name: str
    install: Callable[[], Path]
    serve: Callable[[Path, World], AbstractContextManager[Served]]
    one: str = f"{catalog.JOBS}/{{job}}"
    listed: str = catalog.JOBS


def _python(name: str) -> Callable[[], Path]:
    lock = HERE / name / "requirements.txt"
    return lambda: environments.python_with(lock, name, servers.CACHE)


def _node(name: str) -> Callable[[], Path]:
    return lambda: environments.node_packages(HERE / name, name, servers.CACHE)


def _conventional(python: Path, world: World) -> AbstractContextManager[Served]:
    program = HERE / "conventional" / "application.py"
    return servers.announced([str(python), str(program), str(world.database)], world.directory)


@contextmanager
def _django(python: Path, world: World) -> Iterator[Served]:
    shutil.copy(HERE / "django_rest" / "application.py", world.directory)
    port = _free_port()
    command = [str(python), "-m", "gunicorn", "--chdir", str(world.directory)]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4"]
    command += ["--keep-alive", "30", "--no-control-socket", "application:application"]
    with servers.running(command, world.directory, PEER_DATABASE=str(world.database)) as process:
        yield _ready(process, port, catalog.JOBS, world)


@contextmanager
def _prism(home: Path, world: World) -> Iterator[Served]:
    document = world.directory / "openapi.json"
    document.write_bytes(world.ours.get(f"/_backroom/openapi/{NEWEST}.json", {}).body)
    port = _free_port()
    program = home / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = [str(environments.node()), str(program), "mock", str(document)]
    command += ["--port", str(port), "--verboseLevel", "error", "--multiprocess", "false"]
    with servers.running(command, world.directory) as process:
        path = f"{catalog.JOBS}/{'0' * 26}"
        yield _ready(process, port, path, world)


@contextmanager
def _json_server(home: Path, world: World) -> Iterator[Served]:
    listed = world.ours.get(catalog.JOBS, catalog.headers(world.key))
    file = world.directory / "db.json"
    file.write_text(json.dumps({"jobs": json.loads(listed.body)["data"]}))
    port = _free_port()
    program = home / "node_modules" / "json-server" / "lib" / "cli" / "bin.js"
    command = [str(environments.node()), str(program), str(file), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--quiet", "--no-gzip"]
    with servers.running(command, world.directory) as process:
        yield _ready(process, port, "/jobs?_limit=1", world)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _ready(process: Popen[bytes], port: int, path: str, world: World) -> Served:
    """Wait until a path is answered."""
    served = servers.Served(process.pid, port)
    end = time.monotonic() + _START_SECONDS
    answered = "nothing"
    while time.monotonic() < end and process.poll() is None:
        try:
            answer = served.get(path, catalog.headers(world.key))
        except OSError:
            time.sleep(0.1)
            continue
        if answer.status == 200:
            return served
        answered = f"{answer.status} {answer.body[:300]!r}"
        time.sleep(0.2)
    errors = (world.directory / "errors.txt").read_text()[-500:]
    raise RuntimeError(f"it did not start: {answered} {errors}")


DJANGO = Peer("Django REST framework", _python("django_rest"), _django)
CONVENTIONAL = Peer("FastAPI, SQLAlchemy", _python("conventional"), _conventional)
PRISM = Peer("Prism", _node("prism"), _prism)
JSON_SERVER = Peer(
    "json-server", _node("json_server"), _json_server, "/jobs/{job}", "/jobs?_limit=100"
)
