"""A Chromium for the tests: the machine's own, or one that comes as a package of npm.

The lock of the packages, `packages/`, is written as `sdk/environments.py` says of a Node SDK. The
package of Chromium has a browser for Linux on x64 as compressed files, with the libraries and the
font that a bare machine lacks.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdk.environments import kept, node, node_packages, run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType

VARIABLE = "BACKROOM_TEST_CHROMIUM"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium-headless-shell",
    "chrome-headless-shell",
)
"""The programs on PATH that will do, the first one that is there."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HERE = Path(__file__).parent
PACKAGES = HERE / "packages"
KEPT = HERE.parents[1] / ".cache" / "browser"
PATIENCE = 60

_UNPACK = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream/promises");
const { createBrotliDecompress } = require("node:zlib");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to)).catch((error) => {
  console.error(error);
  process.exit(1);
});
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


class NoChromium(Exception):
    """No Chromium was found, and none could be fetched. Its words say how to get one."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the tests need a Chromium, and {reason}: install one that is on PATH"
            f" (apt-get install chromium), or give its path in {VARIABLE},"
            " or run `playwright install chromium`"
        )


class Chromium(NamedTuple):
    """A program that can be started, and the variables that it needs beside those of the tests."""

    program: Path
    variables: dict[str, str]


def find(kind: BrowserType) -> Chromium:
    """Give a Chromium: the named one, one on PATH, Playwright's, or that of npm.

    Raises `NoChromium`.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise NoChromium(f"{VARIABLE} names {named}, which is no file")
        return Chromium(Path(named), {})
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Chromium(Path(found), {})
    if Path(kind.executable_path).is_file():
        return Chromium(Path(kind.executable_path), {})
    return packaged()


@cache
def packages() -> Path:
    """The directory with the packages of npm: Chromium and axe-core."""
    return node_packages(PACKAGES, "packages", KEPT) / "node_modules"


@cache
def packaged() -> Chromium:
    """Give the Chromium of npm, unpacked once. Raises `NoChromium` where there can be none."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NoChromium("none was found on this machine")
    try:
        source = packages() / "@sparticuz" / "chromium" / "bin"
        recipe = f"1 {(PACKAGES / 'package-lock.json').read_text()}"
        home = kept("chromium", recipe, lambda aside: _unpack(source, aside), KEPT)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        raise NoChromium(f"none could be fetched from npm ({error})") from error
    program = home / "chromium"
    for variables in _surroundings(home):
        if _starts(program, variables):
            return Chromium(program, variables)
    raise NoChromium("that of npm does not start here")


def _unpack(source: Path, home: Path) -> None:
    run(str(node()), "-e", _UNPACK, str(source / "chromium.br"), str(home / "chromium"))
    (home / "chromium").chmod(0o755)
    for name in ("al2023", "fonts"):
        archive = home / f"{name}.tar"
        run(str(node()), "-e", _UNPACK, str(source / f"{archive.name}.br"), str(archive))
        shutil.unpack_archive(archive, home, filter="data")
        archive.unlink()


def _surroundings(home: Path) -> list[dict[str, str]]:
    """Give the variables to try: the machine's libraries are newer than those of the package."""
    fonts: dict[str, str] = {}
    if not Path("/etc/fonts/fonts.conf").exists():
        written = home / "fonts.conf"
        written.write_text(_FONTS.format(fonts=home / "fonts", cache=home / "fonts-cache"))
        fonts = {"FONTCONFIG_FILE": str(written)}
    return [fonts, fonts | {"LD_LIBRARY_PATH": str(home / "lib")}]


def _starts(program: Path, variables: dict[str, str]) -> bool:
    command = [str(program), "--version"]
    environment = os.environ | variables
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
