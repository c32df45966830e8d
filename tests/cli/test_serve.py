"""`backroom serve` as a process: what it says when it is ready, and how it ends."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from support.client import Client
from support.factories import a_body, a_kind_of_job, a_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SERVE = [sys.executable, "-m", "backroom", "serve", "--port=0"]
JOBS = "/api/catalog-item-bulk-create-jobs"
PAGE = "/api/catalog-items?include=variants"


@contextmanager
def serving(*flags: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    with subprocess.Popen(
        [*SERVE, *flags],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def test_ready_server_says_so(tmp_path: Path) -> None:
    database = f"--database={tmp_path}/shop.db"
    with serving(database, "--format=json") as (process, output):
        started = json.loads(output.readline())
        assert started.keys() == {"url", "version", "account", "key", "control_token"}
        assert Client(started["url"], started["key"]).get(JOBS).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with serving(database, "--format=json") as (process, output):
        again = json.loads(output.readline())
        assert (again["account"], again["key"]) == (None, None)
        assert Client(again["url"], started["key"]).get(JOBS).status == 200


def test_text_tells_the_first_key() -> None:
    with serving("--ephemeral") as (process, output):
        ready, announced, key = (output.readline() for _ in range(3))
        url = ready.split()[-1]
        assert announced.startswith("Private key of the account 'default'")
        assert Client(url, key.strip()).get(JOBS).status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the allocator of glibc")
def test_pages_take_no_fresh_memory() -> None:
    # A journal keeps the answers.
    with serving("--ephemeral", "--journal=off", "--format=json") as (process, output):
        started = json.loads(output.readline())
        client = Client(started["url"], started["key"])
        items = [a_resource("item", f"{n}", description="x" * 1000) for n in range(100)]
        posted = client.post(JOBS, a_body(a_kind_of_job("item", "create"), *items))
        assert client.completed(JOBS, posted.job_id).status == 200
        assert len(client.get(PAGE).body) > 128 * 1024
        # A slow read goes on in a thread, which takes memory of its own first.
        assert min(taken_by_page(client, process.pid) for _ in range(10)) < 1


def taken_by_page(client: Client, process: int) -> float:
    """Give for how many pages of memory a server has to wait while it answers with a page."""
    before, count = memory_pages_taken(process), 20
    for _ in range(count):
        client.get(PAGE)
    return (memory_pages_taken(process) - before) / count


def memory_pages_taken(process: int) -> int:
    """Give how often a process has had to wait for a page of memory from the system."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[7])


def failed(*flags: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        [*SERVE, *flags],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--database=/nowhere/shop.db"], 2, "Error: There is no folder /nowhere for the database"),
        (["--database=/tmp"], 2, "/tmp is a folder. Name a file in it"),
        (["--database=x.db", "--ephemeral"], 2, "--database and --ephemeral exclude each other"),
        (["--database=postgresql://u:hunter@2@host/shop"], 2, "with %40 for each @"),
        (["--limits=fast"], 2, "limits must be real, off or a number above 0, not 'fast'"),
        (["--job-delay=nan", "--ephemeral"], 2, "--job-delay must be"),
    ],
    ids=["folder", "a folder", "ephemeral", "password", "limits", "delay"],
)
def test_what_cannot_start_says_why(flags: list[str], code: int, words: str) -> None:
    ended, said = failed(*flags)
    assert (ended, words in said) == (code, True)
    assert "hunter" not in said


def test_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: Any = taken.getsockname()[1]
        code, words = failed("--ephemeral", f"--port={port}")
    assert code == 1
    assert "in use" in words
    assert "Traceback" not in words


@pytest.mark.parametrize("flag", ["--ephemeral", "--database=shop.db"])
def test_file_needs_its_own_worker(flag: str) -> None:
    code, words = failed(flag, "--worker=off")
    assert (code, "--worker off needs a postgresql://" in words) == (2, True)
