"""Make docs/reference/compatibility.md by calling each operation in each revision.

The script starts a server in this process, takes the tour of `tests/openapi/tour.py` through every
revision, and writes down which answers fit the contract. It fails if one does not. With `--check`
it writes nothing, and fails also if the page is not fresh.
"""

from __future__ import annotations

import sys
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backroom.catalog.neighbours import NEIGHBOURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from support.client import Client

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "reference" / "compatibility.md"
DIFFERENCES = ROOT / "docs" / "explanation" / "differences.md"
HELD, FAILED, ABSENT = "✓", "✗", ""
PREFIX = "/api/catalog-"
GONE = 404

Place = tuple[str, str]
Marks = dict[Place, dict[str, str]]

ABOUT = """\
# What is compatible

<!-- Made by scripts/make_compatibility.py. Edit the script, not this page. -->

A {held} means: a script called the operation on a live server in that revision. If the operation
takes a body, the script sent one in the shape of the revision. The status, the headers and every
member of the answer fit the contract that is published for the revision, except for the differences
below. A member that the contract does not name would be a fault. An empty cell means: the revision
does not have the operation, and the server answered 404.

The first table has {count} marks, of {operations} operations in {revisions} revisions. Each mark
stands for one call. The tests of backroom try more: parameters, errors, pages and other shapes. The
table leaves out the beginning `{prefix}` of each path.
"""
BESIDE = """\
## Operations beside the catalog

Integrations call these operations too, and the script calls them as it calls those above. `whole`
means: backroom does what the real service does, as far as a client can see. `accepted` means:
backroom checks the request against the shape that is published for the revision, answers with the
documented status and shape, and keeps the request, so that a test can look at it. The request has
no other effect.
"""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if the page is not fresh.")
def main(*, check: bool) -> None:
    """Make the page, or check that it is fresh."""
    sys.path.insert(0, str(TESTS))
    marks, faults = tried()
    click.echo("".join(f"{fault}\n" for fault in faults), err=True, nl=False)
    page = written(marks)
    if check:
        if not PAGE.exists() or PAGE.read_text("utf-8") != page:
            faults.append("the page is not fresh")
            click.echo(f"{PAGE.relative_to(ROOT)} is not fresh: run {sys.argv[0]}", err=True)
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page, "utf-8")
    raise SystemExit(bool(faults))


def tried() -> tuple[Marks, list[str]]:
    """Call every operation in every revision. Give the marks, and the faults that were found."""
    # The helpers of the tests can be imported once their directory is on the path.
    from conftest import client_of, running
    from openapi.neighbour_tour import NeighbourTour
    from openapi.tour import Tour
    from support.neighbours import PUBLISHED
    from support.wire_contract import OPERATIONS, REVISIONS

    beside = [(each.method, each.path) for each in NEIGHBOURS]
    marks: Marks = {place: {} for place in (*OPERATIONS[REVISIONS[-1]], *beside)}
    faults: list[str] = []
    with running(None, limits="off") as server:
        for revision in REVISIONS:
            client = client_of(server)
            stops: Mapping[Place, Callable[[], Any]] = {
                **Tour(client, revision).stops(),
                **NeighbourTour(client, revision).stops(),
            }
            for place, row in marks.items():
                if place in OPERATIONS[revision] or place in PUBLISHED[revision]:
                    fault = _fault(stops[place])
                    row[revision] = FAILED if fault else HELD
                else:
                    fault = _fault(partial(_absent, client, revision, place))
                    row[revision] = FAILED if fault else ABSENT
                if fault:
                    faults.append(f"{revision} {' '.join(place)}: {fault}")
    return marks, faults


def _fault(stop: Callable[[], Any]) -> str:
    """Call one operation. Give its fault as text, empty if the answer fits."""
    try:
        stop()
    except Exception as error:  # noqa: BLE001 - anything that goes wrong is what we want to know
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {where.name}, {where.line}: {error}"
    return ""


def _absent(client: Client, revision: str, place: Place) -> None:
    method, path = place
    query = {"company_id": client.key.split("_")[1]} if path.startswith("/client/") else None
    answer = client.request(method, path.replace("{id}", "x"), query=query, revision=revision)
    if answer.status != GONE:
        raise AssertionError(f"answered with {answer.status} though it does not exist")


def written(marks: Marks) -> str:
    """Write the page."""
    revisions = list(next(iter(marks.values())))
    beside = {(each.method, each.path): each for each in NEIGHBOURS}
    catalog = {place: row for place, row in marks.items() if place not in beside}
    count = sum(mark == HELD for row in catalog.values() for mark in row.values())
    about = ABOUT.format(
        held=HELD,
        count=f"{count:,}",
        operations=len(catalog),
        revisions=len(revisions),
        prefix=PREFIX,
    )
    heads = [f"{each[:4]}<br>{each[5:]}" for each in revisions]
    lines = [
        _row("operation", heads),
        _row("---", [":-:"] * len(revisions)),
        *(_row(_named(*place), row.values()) for place, row in catalog.items()),
    ]
    others = [
        _row("operation", ["what it does", *heads]),
        _row("---", ["---", *[":-:"] * len(revisions)]),
        *(
            _row(
                f"`{' '.join(place)}`",
                ["whole" if row.whole else "accepted", *marks[place].values()],
            )
            for place, row in beside.items()
        ),
    ]
    _, _, differences = DIFFERENCES.read_text("utf-8").partition("\n")
    return "\n".join(
        [
            about,
            *lines,
            "",
            BESIDE,
            *others,
            "",
            "## Every known difference",
            "",
            "From [Where backroom is not Klaviyo](../explanation/differences.md).",
            differences.rstrip(),
            "",
        ]
    )


def _row(first: str, others: Iterable[str]) -> str:
    return f"| {' | '.join([first, *others])} |"


def _named(method: str, path: str) -> str:
    return f"`{method} {path.removeprefix(PREFIX)}`"


if __name__ == "__main__":
    main()
