"""`python -m bench`: measure everything, or with `--quick` the main rows in under a minute."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench import accepting, applying, load, reads, report
from bench.servers import CACHE
from bench.settings import FULL, QUICK, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measuring import Row

PARTS: dict[str, Callable[[Path, Settings], list[Row]]] = {
    "reads": reads.measured,
    "accepting": accepting.measured,
    "applying": applying.measured,
}
_QUICK = ("reads", "accepting", "applying")


@click.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, the main rows only.")
@click.option("--only", type=click.Choice(list(PARTS)), help="Measure one part, keep no results.")
def main(quick: bool, only: str | None) -> None:  # noqa: FBT001 - a flag
    """Measure how fast backroom is."""
    settings = QUICK if quick else FULL
    began = time.monotonic()
    rows: list[Row] = []
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        for name in (only,) if only else _QUICK if quick else PARTS:
            click.echo(f"  {name}", err=True)
            rows += PARTS[name](directory, settings)
            load.ended()
    finally:
        load.ended()
        shutil.rmtree(directory)
    report.shown(rows)
    click.echo(f"measured in {time.monotonic() - began:.0f} s")
    if not only:
        click.echo(f"written to {report.kept(settings.name, rows)}")


if __name__ == "__main__":
    main()
