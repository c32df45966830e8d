"""Pushes that are killed, and servers that go away: the same catalog, and nothing sent twice."""

from __future__ import annotations

import json
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from feeds.catalogs import catalog_of, change, create, rows, sent_operations
from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from pathlib import Path

    from support.process import Program, Programs, ServerProgram

ITEMS = 200
FEW = 15
TOKEN = "token"
FAULTS: list[dict[str, object]] = [
    {"status": 503},
    {"status": 429, "retry_after": 1},
    {"status": 500, "after": True},
    {"damage": "reset", "after": True},
    {"delay": 0.3},
]
_MINUTE = 60.0
"""Within which each change is sent on."""
ROWS = 2 * ITEMS + 4
_LONGEST_LIFE = 1.0
"""Seconds after its start within which a push is killed."""


@pytest.fixture
def source(programs: Programs, tmp_path: Path) -> Client:
    server = programs.serve("--ephemeral")
    source = Client(server.url, server.key)
    fill(programs, tmp_path, source, ITEMS)
    return source


def fill(programs: Programs, place: Path, source: Client, items: int) -> None:
    feed = place / "feed.jsonl"
    feed.write_text("\n".join(map(json.dumps, rows(items, random.Random(0)))))
    loaded = programs.run("import", str(feed), BACKROOM_URL=source.url, BACKROOM_KEY=source.key)
    assert loaded.process.returncode == 0


def start(programs: Programs, source: Client, server: ServerProgram, *more: str) -> Program:
    arguments = ("push", "--from", source.url, "--to", server.url, "--state", "push.state", *more)
    return programs.start(
        *arguments, "--batch", "10", BACKROOM_FROM_KEY=source.key, BACKROOM_TO_KEY=server.key
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_push_goes_on(
    programs: Programs, source: Client, tmp_path: Path, seed: str, how: signal.Signals
) -> None:
    chances = random.Random(seed)
    server = programs.serve("--ephemeral", "--limits", "20")
    state = tmp_path / "push.state"
    for _ in range(6):
        program = start(programs, source, server)
        until(lambda: state.exists() or program.ended, "a push to begin")  # noqa: B023
        end = time.monotonic() + chances.random() * _LONGEST_LIFE
        until(lambda: time.monotonic() > end or program.ended, "the moment")  # noqa: B023
        program.stop(how)
    last = start(programs, source, server)
    assert last.wait() == 0, last.errors
    target = Client(server.url, server.key)
    assert catalog_of(target) == catalog_of(source)
    assert sent_operations(target) == ROWS


def test_restarted_target_is_waited_for(programs: Programs, source: Client) -> None:
    server = programs.serve("--job-delay", "0.01")
    target = Client(server.url, server.key)
    program = start(programs, source, server)
    until(lambda: sent_operations(target) > 0 or program.ended, "a job")
    server.kill()
    programs.serve("--port", str(server.port)).announced()
    assert program.wait() == 0, program.errors
    assert catalog_of(target) == catalog_of(source)
    assert sent_operations(target) == ROWS


def test_watch_survives_everything(programs: Programs, source: Client, seed: str) -> None:
    chances = random.Random(seed)
    server = programs.serve()
    target = Client(server.url, server.key)
    watching = ("--watch", "--interval", "1", "--delete", "--timeout", "2")
    program = start(programs, source, server, *watching)

    def equal() -> bool:
        return catalog_of(target) == catalog_of(source)

    until(equal, "the first push")
    # 1. Calls change the source.
    change(source, ITEMS, chances)
    until(equal, "the changes")
    # 2. The process is killed, and begins again where it was.
    create(source, "while-away")
    program.kill()
    program = start(programs, source, server, *watching)
    until(equal, "what was created meanwhile")
    # 3. The target goes away for longer than the time-out, and the source changes.
    server.kill()
    change(source, ITEMS, chances)
    until(lambda: "waiting" in program.errors, "a word about the target")
    programs.serve("--port", str(server.port)).announced()
    until(equal, "changes while the target was away")
    # 4. It ends cleanly, and has not sent everything again. The items of the two categories that
    # are gone, some 60 each, have left them.
    assert program.stop(signal.SIGINT) == 130
    assert "Traceback" not in program.errors
    assert sent_operations(target) < ROWS + 240


@pytest.mark.parametrize("on_postgres", ["source", "target"])
def test_watch_survives_the_death_of_each(
    programs: Programs, tmp_path: Path, postgres_url: str, seed: str, on_postgres: str
) -> None:
    chances = random.Random(seed)
    servers = {
        side: {"BACKROOM_DATABASE": postgres_url if side == on_postgres else f"{side}.db"}
        for side in ("source", "target")
    }
    source_server = programs.serve("--control-token", TOKEN, **servers["source"])
    target_server = programs.serve("--control-token", TOKEN, **servers["target"])
    source = Client(source_server.url, source_server.key)
    target = Client(target_server.url, target_server.key)
    fill(programs, tmp_path, source, FEW)
    watching = ("--watch", "--interval", "1", "--delete", "--max-delete", "50%", "--timeout", "2")
    program = start(programs, source, target_server, *watching)

    def equal() -> bool:
        assert not program.ended, program.errors
        return catalog_of(target) == catalog_of(source)

    until(equal, "the first push", _MINUTE)
    # 1. The source is killed when it has taken changes. Answers of the target are lost.
    add_faults(target)
    change(source, FEW, chances)
    source_server.kill()
    programs.serve("--port", str(source_server.port), **servers["source"]).announced()
    until(equal, "the changes of a source that died", _MINUTE)
    # 2. The target is killed while jobs are on their way.
    before = sent_operations(target)
    change(source, FEW, chances)
    until(lambda: sent_operations(target) > before, "a job on its way", _MINUTE)
    target_server.kill()
    flags = ("--port", str(target_server.port), "--control-token", TOKEN)
    programs.serve(*flags, **servers["target"]).announced()
    until(equal, "the changes for a target that died", _MINUTE)
    # 3. The push is killed, and begins again.
    add_faults(target)
    before = sent_operations(target)
    change(source, FEW, chances)
    until(lambda: sent_operations(target) > before, "a job on its way", _MINUTE)
    program.kill()
    program = start(programs, source, target_server, *watching)
    until(equal, "the changes of a push that died", _MINUTE)
    assert program.stop(signal.SIGINT) == 130
    assert "Traceback" not in program.errors


def add_faults(target: Client) -> None:
    """Let a server fail in five ways whenever it is sent jobs, now and then."""
    for number, fault in enumerate(FAULTS):
        wish = {**fault, "method": "POST", "path": "/api/*-jobs", "probability": 0.2}
        answer = target.pool.request(
            "POST",
            f"{target.url}/_backroom/faults",
            json={**wish, "seed": number},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        assert answer.status < 300, answer.data
