"""What `make demo` shows: a server is started, loaded with a shop, looked at, and stopped.

Everything goes through the command line and the API, and is held against what the shop's feed
has to give; anything unexpected makes the exit code 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import resources
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import urllib3
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backroom.revisions import NEWEST, OLDEST
from backroom.settings import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = OLDEST, NEWEST
BACKROOM = str(Path(sys.executable).with_name("backroom"))
DEMO = resources.files("backroom.feeds") / "demo"
LONGEST_START = 10.0
LONGEST_STOP = 10.0
ROWS_FAILED = 3
PIPE_WIDTH = 120
WIDEST = 140

console = Console(highlight=False, markup=False, emoji=False)
if not console.is_terminal:
    console.width = max(console.width, PIPE_WIDTH)


class UnexpectedError(Exception):
    """Something is not as it has to be."""


@dataclass(frozen=True)
class Running:
    """A server and the key of its one account."""

    url: str
    key: str

    def get(self, path: str, revision: str) -> Any:
        """Ask for a document."""
        headers = {"Authorization": f"Klaviyo-API-Key {self.key}", "revision": revision}
        response = urllib3.request("GET", self.url + path, headers=headers, timeout=10)
        expect(f"the status of GET {path} at {revision}", response.status, 200)
        return response.json()


def expect(what: str, found: object, wanted: object) -> None:
    """Raise where two values differ."""
    if found != wanted:
        raise UnexpectedError(f"{what} is {found!r}, it should be {wanted!r}")


def say(words: str) -> None:
    """Begin a new part."""
    console.print(f"\n{words}", style="bold")


@contextmanager
def served() -> Iterator[Running]:
    """Run a server that keeps nothing, on a free port; stop it as a service manager does."""
    command = [BACKROOM, "serve", "--port", "0", "--ephemeral", "--format", "json"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603 - our own
        try:
            yield started(process, log)
        finally:
            process.terminate()
            code = process.wait(LONGEST_STOP)
    expect("the server's exit code", code, 0)


def started(process: subprocess.Popen[str], log: IO[str]) -> Running:
    """Read where the server is, which it says when it is ready."""
    too_late = threading.Timer(LONGEST_START, process.kill)
    too_late.start()
    line = process.stdout.readline() if process.stdout else ""
    too_late.cancel()
    if not line:
        log.seek(0)
        raise UnexpectedError(f"the server did not start:\n{log.read()}")
    printed = json.loads(line)
    return Running(printed["url"], printed["key"])


def load(server: Running) -> None:
    """Load the shop with the command that everybody uses."""
    command = [BACKROOM, "import", "--demo", "--url", server.url, "--key", server.key]
    # It says where to correct rows, at a server that is about to stop.
    run = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
    if run.returncode != ROWS_FAILED:
        sys.stderr.write(run.stderr)
    expect("the exit code of an import with bad rows", run.returncode, ROWS_FAILED)


def check(server: Running) -> None:
    """Hold what the jobs say against what the feed has to give."""
    expected = json.loads((DEMO / "shop.expected.json").read_text("utf-8"))
    for kind in ("category", "item", "variant"):
        name = f"catalog-{kind}"
        jobs = server.get(f"/api/{name}-bulk-create-jobs", NEW)["data"]
        attributes = [job["attributes"] for job in jobs]
        expect(f"the status of {kind} jobs", {each["status"] for each in attributes}, {"complete"})
        completed = sum(each["completed_count"] for each in attributes)
        failed = sum(each["failed_count"] for each in attributes)
        bad = [each for each in expected["faults"] if each["type"] == name and each["by"] == "job"]
        expect(f"the number of {kind} rows loaded", completed, expected["counts"][name]["created"])
        expect(f"the number of {kind} rows that failed in jobs", failed, len(bad))


def compare(server: Running) -> None:
    """Show one job of the list as two revisions give it, with what differs marked."""
    path = "/api/catalog-item-bulk-create-jobs"
    old, new = (
        json.dumps(cut(server.get(path, revision)), indent=1)
        .replace(server.url, "...")
        .splitlines()
        for revision in (OLD, NEW)
    )
    expect(f"that {OLD} and {NEW} differ", old != new, wanted=True)
    table = Table(width=min(console.width, WIDEST), show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"  revision: {OLD}", ratio=1, overflow="fold")
    table.add_column(f"  revision: {NEW}", ratio=1, overflow="fold")
    before, after = ([line.rstrip(",") for line in lines] for lines in (old, new))
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for tag, old_from, old_to, new_from, new_to in blocks:
        mark, style = ("  ", "dim") if tag == "equal" else ("> ", "bold cyan")
        for lines in zip_longest(old[old_from:old_to], new[new_from:new_to]):
            table.add_row(*(Text(mark + line if line else "", style) for line in lines))
    console.print(table)


def cut(document: Any) -> Any:
    """Cut a list of jobs down to what tells: its oldest job with an error, one of each."""
    job = [each for each in document["data"] if each["attributes"]["failed_count"]][-1]
    attributes = {
        name: value for name, value in job["attributes"].items() if not name.endswith("_at")
    }
    errors = [
        {name: error[name] for name in ("detail", "source", "meta")}
        for error in attributes["errors"]
    ]
    attributes["errors"] = shortened(errors)
    for relationship in job["relationships"].values():
        relationship["data"] = shortened(relationship["data"])
    for name, link in document["links"].items():
        if link and "?" in link:
            document["links"][name] = link[: link.index("?") + 1] + "..."
    others = f"... {len(document['data']) - 1} more"
    return document | {"data": [job | {"attributes": attributes}, others]}


def shortened(values: list[Any]) -> list[Any]:
    """Keep the first."""
    return [*values[:1], f"... {len(values) - 1} more"] if len(values) > 1 else values


def say_what_next() -> None:
    """Say how to go on by oneself."""
    url = f"http://127.0.0.1:{DEFAULT_PORT}"
    say("What to try next")
    console.print(
        f"""\
  export BACKROOM_KEY=$(.venv/bin/backroom keys create --name demo)
  .venv/bin/backroom serve &            # a server that keeps its catalog in backroom.db
  .venv/bin/backroom import --demo      # this shop, or your own: import FILE
  curl -H "Authorization: Klaviyo-API-Key $BACKROOM_KEY" \\
       -H "revision: {NEW}" \\
       {url}/api/catalog-item-bulk-create-jobs""",
        soft_wrap=True,
    )


def main() -> int:
    """Show it all; give the exit code."""
    began = time.monotonic()
    try:
        say("Starting a server on a free port")
        with served() as server:
            console.print(f"  {server.url}")
            say("Loading a shop through bulk jobs (backroom import --demo)")
            load(server)
            check(server)
            say(f"One job, as its list has it at {OLD} and at {NEW}")
            compare(server)
    except UnexpectedError as error:
        console.print(f"\nNot as expected: {error}", style="bold red")
        return 1
    say_what_next()
    console.print(f"\nAll as expected, in {time.monotonic() - began:.1f} s.", style="bold green")
    return 0


if __name__ == "__main__":
    sys.exit(main())
