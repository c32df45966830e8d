"""Peers beside ours, in the same run: one job, a list of a hundred, a durable POST."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

import click
import msgspec

from bench import accepting, catalog, peers, reads
from bench.load import Question
from bench.measuring import Found, Goal, Row, alternate
from bench.servers import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.measuring import Contestants, Piece, Sample
    from bench.peers import Peer
    from bench.settings import Settings

_READ = (peers.PRISM, peers.JSON_SERVER, peers.DJANGO, peers.CONVENTIONAL)
_POSTED = (peers.DJANGO, peers.CONVENTIONAL)
_MANY = Goal(least=10.0)
_SLICES = 3
"""Some are slow: what they are at when their turn ends takes a while."""
_NO_GOAL = Goal()
_ROWS = (
    ("one", peers.PRISM, _MANY),
    ("one", peers.JSON_SERVER, _NO_GOAL),
    ("one", peers.DJANGO, _MANY),
    ("one", peers.CONVENTIONAL, _MANY),
    ("list", peers.JSON_SERVER, _NO_GOAL),
    ("list", peers.DJANGO, _MANY),
    ("list", peers.CONVENTIONAL, _MANY),
    ("POST", peers.DJANGO, _MANY),
    ("POST", peers.CONVENTIONAL, _MANY),
)
_TITLES = {
    "one": "GET one job",
    "list": "GET a page of 100 jobs",
    "POST": "POST a job of 100 items",
}
_OURS = "ours"


@dataclass
class _Ready:
    """Programs of the peers that can be had, and what keeps the others away."""

    programs: dict[str, Path] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def miss(self, peer: Peer, why: str, details: object) -> None:
        """Go on without a peer."""
        click.echo(f"    {peer.name}: {why}: {details}", err=True)
        self.missing[peer.name] = why


def measured(directory: Path, settings: Settings) -> Found:
    """Measure all that can be had; a row says so where one can't."""
    settings = replace(settings, slices=_SLICES)
    ready = _installed()
    home = directory / "peers"
    home.mkdir()
    taken = _read(home, settings, ready)
    with _posting(home, settings, ready) as contestants:
        taken |= alternate(settings, contestants)
    return Found([_row(call, peer, goal, taken, ready) for call, peer, goal in _ROWS])


def _installed() -> _Ready:
    ready = _Ready()
    for peer in _READ:
        try:
            ready.programs[peer.name] = peer.install()
        except (AssertionError, OSError, TimeoutExpired) as fault:
            ready.miss(peer, "its packages could not be installed", fault)
    return ready


def _row(call: str, peer: Peer, goal: Goal, taken: dict[str, list[Sample]], ready: _Ready) -> Row:
    row = Row(f"{_TITLES[call]}, against {peer.name}", goal, against=peer.name)
    if peer.name in ready.missing:
        row.why_not = ready.missing[peer.name]
        return row
    row.ours, row.floor = taken[f"{call}: {_OURS}"], taken[f"{call}: {peer.name}"]
    return row


def _read(home: Path, settings: Settings, ready: _Ready) -> dict[str, list[Sample]]:
    database = home / "ours" / "backroom.db"
    with ExitStack() as stack:
        served, _, key = stack.enter_context(reads.with_jobs(database))
        job = reads.jobs_shown(served, key)[50]["id"]
        contestants = _reading(
            _OURS, served, (f"{catalog.JOBS}/{job}", catalog.JOBS), key, settings
        )
        for peer in _READ:
            if peer.name in ready.missing:
                continue
            world = peers.World(home / peer.name, database, key, served)
            world.directory.mkdir()
            try:
                theirs = stack.enter_context(peer.serve(ready.programs[peer.name], world))
            except (RuntimeError, OSError) as fault:
                ready.miss(peer, "it does not start", fault)
                continue
            paths = (peer.one.format(job=job), peer.listed)
            contestants |= _reading(peer.name, theirs, paths, key, settings)
        return alternate(settings, contestants)


def _reading(
    name: str, served: Served, paths: tuple[str, str], key: str, settings: Settings
) -> Contestants:
    """Ask one for a job and a list. The mock has no data, so only its shape is checked."""
    calls = ("one",) if name == peers.PRISM.name else ("one", "list")
    return {
        f"{call}: {name}": reads.asking(served, _checked(served, path, key), settings)
        for call, path in zip(calls, paths, strict=False)
    }


def _checked(served: Served, path: str, key: str) -> Question:
    """Give a question, with what its answer holds as it was asked once."""
    question, answer = catalog.reading(served, path, key)
    document = msgspec.json.decode(answer.body)
    data = document["data"] if isinstance(document, dict) and "data" in document else document
    way = "data." if data is not document else ""
    if isinstance(data, list):
        holds = {f"{way}#": len(data), f"{way}99.id": data[99]["id"]}
        assert len(data) == catalog.OPERATIONS, len(data)
    else:
        holds = {f"{way}type": catalog.JOB_TYPE}
    return Question(question.request, holds=holds)


@contextmanager
def _posting(home: Path, settings: Settings, ready: _Ready) -> Iterator[Contestants]:
    """Let all post, each to a database of its own."""
    own = home / "posting"
    own.mkdir()
    with ExitStack() as stack:
        post = stack.enter_context(accepting.accepted(own / "ours", settings))
        contestants = {f"POST: {_OURS}": post}
        for peer in _POSTED:
            if peer.name in ready.missing:
                continue
            theirs = _accepted(peer, ready.programs[peer.name], own / peer.name, settings)
            contestants[f"POST: {peer.name}"] = stack.enter_context(theirs)
        yield contestants


@contextmanager
def _accepted(
    peer: Peer, program: Path, home: Path, settings: Settings
) -> Iterator[Callable[[], Piece]]:
    """Give what posts to a peer; count the rows in the end."""
    home.mkdir()
    database = home / "backroom.db"
    own = accepting.keys(str(database), accepting.CONNECTIONS)
    # It gets tables that a server has made, and no server of ours runs on them.
    nobody = Served(0, 0)
    with (
        peer.serve(program, peers.World(home, database, own[0], nobody)) as served,
        accepting.posting(served, own, str(database), settings) as post,
    ):
        yield post
