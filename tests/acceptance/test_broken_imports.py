"""Imports that are killed, servers that go away, keys that are revoked: the same end as without."""

from __future__ import annotations

import json
import random
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from pathlib import Path

    from support.process import Program, Programs, ServerProgram

ITEMS = 240
_LONGEST_LIFE = 0.6
"""Seconds after its start within which an import is killed."""


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = [{"type": "category", "external_id": "hats", "name": "Hats"}]
    for number in range(ITEMS):
        text = {"title": f"Cap {number}", "description": "", "url": "u"}
        item = {"type": "item", "external_id": f"C{number}", "categories": ["hats"], **text}
        price = "cheap" if number % 60 == 7 else number
        sold = {"sku": "1", "price": price, "inventory_quantity": 1, **text}
        variant = {"type": "variant", "external_id": f"V{number}", "item": f"C{number}", **sold}
        variant |= {"item": "nowhere"} if number % 60 == 9 else {}
        rows += [item, variant]
    path = tmp_path / "feed.jsonl"
    path.write_text("\n".join(map(json.dumps, [*rows, rows[1]])) + "\n")
    return path


def start(programs: Programs, server: ServerProgram, feed: Path, *more: str) -> Program:
    arguments = ("import", str(feed), "--batch", "10", "--format", "json", *more)
    return programs.start(*arguments, BACKROOM_URL=server.url, BACKROOM_KEY=server.key)


def finished(programs: Programs, server: ServerProgram, feed: Path, *more: str) -> Any:
    program = start(programs, server, feed, *more)
    assert program.wait() == 3, program.output + program.errors
    return comparable(program)


def comparable(program: Program) -> Any:
    report = json.loads(program.output)
    del report["seconds"], report["url"]
    return report


def sent(server: ServerProgram) -> int:
    """How many operations the jobs of the server have."""
    client = Client(server.url, server.key)
    total = 0
    for kind in ("category", "item", "variant"):
        path = f"/api/catalog-{kind}-bulk-create-jobs"
        # The jobs of a kind fit on a page.
        total += sum(each["attributes"]["total_count"] for each in client.get(path).json["data"])
    return total


class Undisturbed(NamedTuple):
    """An import that nothing disturbs: its report, and how many operations it sends."""

    report: Any
    sent: int


@pytest.fixture
def undisturbed(programs: Programs, feed: Path) -> Undisturbed:
    server = programs.serve("--ephemeral")
    report = finished(programs, server, feed)
    operations = sent(server)
    server.stop()
    return Undisturbed(report, operations)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_import_goes_on(
    programs: Programs, feed: Path, undisturbed: Undisturbed, seed: str, how: signal.Signals
) -> None:
    chances = random.Random(seed)
    server = programs.serve("--ephemeral")
    progress = feed.with_name("feed.jsonl.import-progress")
    # 1. Each import is killed at some moment, six of them at most.
    for _ in range(6):
        program = start(programs, server, feed)
        until(lambda: progress.exists() or program.ended, "an import to begin")  # noqa: B023
        end = time.monotonic() + chances.random() * _LONGEST_LIFE
        until(lambda: time.monotonic() > end or program.ended, "the moment")  # noqa: B023
        program.stop(how)
        if has_reported(program):
            break
    # 2. The last one ends as if nothing had been, and nothing was sent twice.
    report = comparable(program) if has_reported(program) else finished(programs, server, feed)
    assert report == undisturbed.report
    assert sent(server) == undisturbed.sent


def has_reported(program: Program) -> bool:
    """Whether an import ended, though it may have been killed just after its report."""
    return program.output.endswith("}\n") and json.loads(program.output)["error"] is None


def test_restarted_server_is_waited_for(
    programs: Programs, feed: Path, undisturbed: Undisturbed
) -> None:
    server = programs.serve("--job-delay", "0.01")
    port, key = str(server.port), server.key
    program = start(programs, server, feed)
    client = Client(server.url, key)
    path = "/api/catalog-item-bulk-create-jobs"
    until(lambda: bool(client.get(path).json["data"]) or program.ended, "a job")
    server.kill()
    # Once more at the same place: the import finds it there after its pauses.
    again = programs.serve("--port", port)
    assert again.announced()
    assert program.wait() == 3, program.output + program.errors
    assert comparable(program) == undisturbed.report


def test_absent_server_is_found_again(
    programs: Programs, feed: Path, undisturbed: Undisturbed
) -> None:
    server = programs.serve("--job-delay", "0.05")
    port = str(server.port)
    # 1. The server goes away for longer than the import waits.
    program = start(programs, server, feed, "--timeout", "1")
    progress = feed.with_name("feed.jsonl.import-progress")
    client = Client(server.url, server.key)
    path = "/api/catalog-item-bulk-create-jobs"
    until(lambda: bool(client.get(path).json["data"]) or program.ended, "a job")
    server.kill()
    assert program.wait() == 4
    assert json.loads(program.output)["error"].endswith(f"(progress is in {progress})")
    # 2. The same command goes on where it was.
    assert programs.serve("--port", port).announced()
    assert finished(programs, server, feed) == undisturbed.report


def test_changed_feed_is_noticed(programs: Programs, feed: Path) -> None:
    server = programs.serve("--ephemeral", "--job-delay", "3600")
    program = start(programs, server, feed, "--timeout", "0.3")
    assert program.wait() == 4
    feed.write_text(feed.read_text().splitlines()[0] + "\n")
    program = start(programs, server, feed, "--timeout", "0.3")
    program.wait()
    assert "all rows are compared again" in " ".join(program.errors.split())
