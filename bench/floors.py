"""Floors: the least that any server on the same parts would have to do.

Run as `python -m bench.floors FILE` this is a bare ASGI function on uvicorn, which gives answers
that were taken from ours, and where asked runs the raw query of a page before each.
The other floors are functions: inserting bodies, and upserting items.
"""

from __future__ import annotations

import json
import socket
import sys
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import msgspec
import uvicorn

from bench import cores, servers
from bench.catalog import OPERATIONS
from bench.measuring import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.servers import Answer, Served


class Fixed(msgspec.Struct):
    """An answer that never changes, and the values for the query that is run before it."""

    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    values: list[str | int] = []


class Setup(msgspec.Struct):
    """What a floor serves; `query` runs on `database` before each answer, where there is one."""

    answers: list[Fixed]
    database: str = ""
    query: str = ""


def fixed(path: str, answer: Answer, *values: str | int) -> Fixed:
    """Make a floor's answer from ours, byte for byte."""
    given = [(name.encode(), value.encode()) for name, value in answer.headers]
    return Fixed(path, given, answer.body, list(values))


def configured(app: Any) -> uvicorn.Config:
    """Configure uvicorn as our plain way does, with the faster parser of our own way."""
    return uvicorn.Config(
        app,
        http="httptools",
        loop="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


def application(setup: Setup) -> Any:
    """Make the bare ASGI function."""
    if not setup.query:
        return _giving(setup)
    connection = connected(setup.database)
    connection.execute("pragma mmap_size = 17179869184")
    run, query = connection.execute, setup.query
    known = {_asked(each): (each.headers, each.body, tuple(each.values)) for each in setup.answers}

    async def query_and_give(scope: Any, _: Any, send: Any) -> None:
        headers, body, values = known[scope["raw_path"], scope["query_string"]]
        list(run(query, values))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return query_and_give


def _giving(setup: Setup) -> Any:
    known = {_asked(each): (each.headers, each.body) for each in setup.answers}

    async def give(scope: Any, _: Any, send: Any) -> None:
        headers, body = known[scope["raw_path"], scope["query_string"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return give


def _asked(answer: Fixed) -> tuple[bytes, bytes]:
    path, _, query = answer.path.partition("?")
    return path.encode(), query.encode()


def connected(path: str) -> apsw.Connection:
    """Open a database as durable as ours: a write-ahead log, and every commit on the disk."""
    connection = apsw.Connection(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma cache_size = -65536")
    return connection


@contextmanager
def serving(directory: Path, setup: Setup) -> Iterator[Served]:
    """Run the bare function in a process of its own."""
    directory.mkdir(exist_ok=True)
    file = directory / "setup.bin"
    file.write_bytes(msgspec.msgpack.encode(setup))
    with servers.announced([sys.executable, "-m", "bench.floors", str(file)], directory) as served:
        yield served


@contextmanager
def asked(
    directory: Path, setup: Setup, make: Callable[[Served], Callable[[], Piece]]
) -> Iterator[Callable[[], Piece]]:
    """Run the bare function, and give what `make` has ask it."""
    with serving(directory, setup) as served:
        yield make(served)


@contextmanager
def inserting(path: Path, bodies: Sequence[bytes], seconds: float) -> Iterator[Callable[[], Piece]]:
    """Give what inserts bodies for some seconds, one thread, a durable transaction each."""
    connection = connected(str(path))
    connection.execute("create table jobs (job_id text primary key, body text not null)")
    texts = cycle([each.decode() for each in bodies])
    count = 0

    def insert() -> Piece:
        nonlocal count
        before = count
        with cores.pinned(cores.SERVER):
            watch = cores.Watch()
            while watch.seconds < seconds:
                values = (f"{count:026}", next(texts))
                connection.execute("insert into jobs values (?, ?)", values)
                count += 1
            return Piece(count - before, watch.seconds, watch.computing)

    yield insert
    assert connection.execute("select count(*) from jobs").get == count
    connection.close()


def upserted(
    connection: apsw.Connection,
    statements: Sequence[tuple[str, Sequence[Sequence[Any]]]],
    batches: Iterator[int],
    seconds: float,
) -> Piece:
    """Write rows that are ready for some seconds, 100 of each statement in a transaction.

    `batches` has the place at which each hundred begins.
    """
    count = 0
    with cores.pinned(cores.SERVER):
        watch = cores.Watch()
        while watch.seconds < seconds and (start := next(batches, None)) is not None:
            connection.execute("begin immediate")
            for sql, rows in statements:
                connection.executemany(sql, rows[start : start + OPERATIONS])
            connection.execute("commit")
            count += OPERATIONS
        return Piece(count, watch.seconds, watch.computing)


def main() -> None:
    """Serve what a file says."""
    setup = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Setup)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = uvicorn.Server(configured(application(setup)))
    port = listening.getsockname()[1]
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
