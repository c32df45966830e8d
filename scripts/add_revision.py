"""Add a revision that changes nothing: `scripts/add_revision.py 2027-01-15`.

Writes the line of the ladder, the entry of the tests' contract, the date in README.md and a line in
CHANGELOG.md, then makes the reference pages and the page of what is compatible. All tests hold
afterwards. A revision that moves something starts the same way; docs/how-to/add-a-revision.md says
how it goes on.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import datetime as dt

ROOT = Path(__file__).resolve().parents[1]
LADDER = ROOT / "src" / "backroom" / "revisions" / "__init__.py"
CONTRACT = ROOT / "tests" / "wire" / "contract.json"
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
ENTRIES = re.compile(r"^_WRITTEN: .*? = \{\n(.*?)^\}\n", re.DOTALL | re.MULTILINE)
DATE = re.compile(r'^    "(\d{4}-\d{2}-\d{2})": ', re.MULTILINE)
PAGES = ("make_reference.py", "make_compatibility.py")


@click.command()
@click.argument("date", type=click.DateTime(["%Y-%m-%d"]))
def main(date: dt.datetime) -> None:
    """Add the revision of a DATE, which changes nothing in what is served."""
    revision = date.date().isoformat()
    newest = newest_revision()
    if revision <= newest:
        raise click.BadParameter(f"it is not later than the newest revision, {newest}")
    add_to_ladder(revision)
    add_to_contract(revision, newest)
    add_to_readme(revision, newest)
    add_to_changelog(revision)
    for script in PAGES:
        make_pages(script)
    click.echo(f"added the revision {revision}; `make quick` checks it")


def newest_revision() -> str:
    """Give the last date of the ladder, read from its source."""
    return str(DATE.findall(entries())[-1])


def entries() -> str:
    """Give the lines of the ladder."""
    found = ENTRIES.search(LADDER.read_text(encoding="utf-8"))
    if found is None:
        raise click.ClickException(f"there is no ladder in {LADDER}")
    return found[1]


def add_to_ladder(revision: str) -> None:
    """Add the revision's line."""
    replace(LADDER, entries(), f'{entries()}    "{revision}": (),\n')


def add_to_contract(revision: str, newest: str) -> None:
    """Repeat the newest revision's facts under the new date, unless it has facts of its own."""
    contract: Any = json.loads(CONTRACT.read_bytes())
    note = f"nothing was published for it when it was added: the facts of {newest}, repeated"
    repeated = contract["revisions"][newest] | {"source": {"derived_from": newest, "note": note}}
    contract["revisions"].setdefault(revision, repeated)
    CONTRACT.write_text(json.dumps(contract, separators=(",", ":")), encoding="utf-8")


def add_to_readme(revision: str, newest: str) -> None:
    """Write the date where README.md names the newest."""
    replace(README, f"to {newest}", f"to {revision}")


def add_to_changelog(revision: str) -> None:
    """Write what a user should know of it: only that it is there."""
    heads = "## Unreleased\n\n### Added\n\n"
    text = CHANGELOG.read_text(encoding="utf-8")
    if heads not in text:
        replace(CHANGELOG, "\n## ", f"\n{heads}\n## ")
    line = f"- The revision {revision}, which changes nothing in what is served.\n"
    replace(CHANGELOG, heads, f"{heads}{line}")


def make_pages(script: str) -> None:
    """Run one of the scripts that make pages, with the package of this tree."""
    paths = [str(ROOT / "src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, str(ROOT / "scripts" / script)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own


def replace(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file. Raises where there is none."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise click.ClickException(f"there is no {old!r} in {path.relative_to(ROOT)}")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


if __name__ == "__main__":
    main()
