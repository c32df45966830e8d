"""The fenced blocks of the pages, and a session in which the blocks of one page run in order."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import textwrap
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from sdk.environments import node, php, python_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "tests" / "README.md", *ROOT.glob("docs/**/*.md")])
SDK = "25.0.0"
"""The version of the official SDK with which the pages speak."""
PATIENCE = 60
QUIET = "-p no:schemathesis -p no:randomly -p no:cacheprovider"
"""Keeps the other plugins of this run away from a page's."""
INTERPRETERS: dict[str, Callable[[], Path]] = {"node": lambda: node().parent, "php": php}
"""What gives the directory of each interpreter, beside Python, that pages call."""
_FENCE = re.compile(
    r"(?:^[ ]*<!-- not run: (?P<reason>[^\n]*?) -->\n(?:[ ]*\n)?)?"
    r"(?:^[ ]*<!-- (?P<how>file|append): (?P<file>\S+) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


_PORT = re.compile(r"\b(?:72|94)\d\d\b")
_USUAL = re.compile(r"\bserve\b(?!.*--port)")
"""A server that is started without naming a port listens on 7227."""


@dataclass(frozen=True)
class Block:
    """One fenced block: `reason` says why it does not run here, and is empty where it does.

    A block with a `file` is saved, or with `appended` added to what the file has.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str
    file: str = ""
    appended: bool = False

    @property
    def runs(self) -> bool:
        return (self.language in {"sh", "python"} or bool(self.file)) and not self.reason

    def calls(self, program: str) -> bool:
        """Whether it is of a shell and has a line that begins with a program."""
        return self.language == "sh" and bool(re.search(rf"^{program}\b", self.text, re.MULTILINE))

    def follows(self, before: Block) -> bool:
        """Whether it stands right behind another block, and so shows what that one prints."""
        return not self.runs and self.line == before.line + before.text.count("\n") + 3


def blocks_of(path: Path) -> list[Block]:
    """Give the blocks of a page, in order."""
    source = path.read_text(encoding="utf-8")
    return list(_found(path.relative_to(ROOT).as_posix(), source))


def _found(page: str, source: str) -> Iterator[Block]:
    for match in _FENCE.finditer(source):
        line = source.count("\n", 0, match.start("language")) + 1
        text = textwrap.dedent(match["text"])
        saved = (match["file"] or "", match["how"] == "append")
        yield Block(page, line, match["language"], text, match["reason"] or "", *saved)


def _call(blocks: list[Block], program: str) -> bool:
    return any(each.calls(program) for each in blocks)


def run(blocks: list[Block], home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run blocks in one Bash, which begins in an empty folder and stops at the first failure.

    What a block starts in the background is killed at the end. Pages that listen on the same port
    wait for each other, whatever process of a test run has them.
    """
    with ExitStack() as held:
        for port in _ports(blocks):
            place = Path(gettempdir()) / f"backroom-pages-{port}.lock"
            fcntl.flock(held.enter_context(place.open("w")), fcntl.LOCK_EX)
        return _run(blocks, home, **variables)


def _ports(blocks: list[Block]) -> list[str]:
    """Give the ports that a page names, in order, so that no two pages wait for each other."""
    text = "".join(each.text for each in blocks)
    return sorted({*_PORT.findall(text), *(("7227",) if _USUAL.search(text) else ())})


def _run(blocks: list[Block], home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    script = home.with_suffix(".sh")
    script.write_text("".join(_steps(blocks, home)), encoding="utf-8")
    others = [INTERPRETERS[name]() for name in INTERPRETERS if _call(blocks, name)]
    own = [python_of(SDK).parent, Path(sys.executable).parent]
    if _call(blocks, "pytest"):
        # This run's Python finds the SDK there, beside backroom and pytest.
        own.reverse()
        packages = next(python_of(SDK).parents[1].glob("lib/python*/site-packages"))
        variables = {"PYTHONPATH": str(packages), "PYTEST_ADDOPTS": QUIET, **variables}
    paths = [*others, *own, os.environ["PATH"]]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKROOM_")}
    output = home.with_suffix(".out")
    with output.open("wb") as printed:
        process = subprocess.Popen(
            ["bash", str(script)],
            cwd=home,
            env={**kept, "PATH": os.pathsep.join(map(str, paths)), **variables},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        code = process.wait(PATIENCE)
    finally:
        # A page may have stopped all that it started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(process.args, code, output.read_text(encoding="utf-8"))


def _steps(blocks: list[Block], home: Path) -> Iterator[str]:
    """Give the lines of the script: the blocks as they stand, with their places between them."""
    yield "set -E -o pipefail\ntrap 'code=$?; echo \"$place: exit code $code\"; exit $code' ERR\n"
    for each in blocks:
        yield f"place={each.page}:{each.line}\n"
        if each.file:
            yield f"cat {'>>' if each.appended else '>'} {each.file} << 'END OF FILE'\n"
            yield f"{chr(10) * 2 * each.appended}{each.text}END OF FILE\n"
        elif each.language == "sh":
            yield each.text
        else:
            program = home.with_suffix(f".{each.line}.py")
            program.write_text(each.text, encoding="utf-8")
            yield f"python3 {program}\n"
