"""`python -m bench`: measure everything, or with `--quick` the main rows in under a minute."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import (
    accepting,
    accounts,
    applying,
    beside,
    each_request,
    feeds,
    growth,
    importing,
    latency,
    liveness,
    load,
    page,
    postgres,
    profiles,
    reads,
    report,
    resetting,
    signals,
    starting,
    worst,
)
from bench.servers import CACHE, ROOT
from bench.settings import FULL, QUICK, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measuring import Found, Row

PARTS: dict[str, Callable[[Path, Settings], Found]] = {
    "reads": reads.measured,
    "accepting": accepting.measured,
    "applying": applying.measured,
    "starting": starting.measured,
    "latency": latency.measured,
    "liveness": liveness.measured,
    "growth": growth.measured,
    "postgres": postgres.measured,
    "peers": beside.measured,
    "accounts": accounts.measured,
    "questions": worst.measured,
    "signals": signals.measured,
    "resetting": resetting.measured,
    "feeds": feeds.measured,
    "importing": importing.measured,
}
_QUICK = ("reads", "accepting", "applying", "questions")


@click.group(invoke_without_command=True)
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, the main rows only.")
@click.option("--only", type=click.Choice(list(PARTS)), help="Measure one part, keep no results.")
@click.pass_context
def main(context: click.Context, quick: bool, only: str | None) -> None:  # noqa: FBT001 - a flag
    """Measure how fast backroom is."""
    if context.invoked_subcommand:
        return
    settings = QUICK if quick else FULL
    began = time.monotonic()
    rows: list[Row] = []
    facts: dict[str, Any] = {}
    took: dict[str, int] = {}
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        for name in (only,) if only else _QUICK if quick else PARTS:
            started = time.monotonic()
            click.echo(f"  {name}", err=True)
            found = PARTS[name](directory, settings)
            rows += found.rows
            facts |= found.facts
            load.ended()
            took[name] = round(time.monotonic() - started)
    finally:
        load.ended()
        shutil.rmtree(directory)
    report.shown(rows)
    parts = ", ".join(f"{name} {seconds}" for name, seconds in took.items())
    click.echo(f"measured in {time.monotonic() - began:.0f} s ({parts})")
    if only:
        return
    file = report.kept(settings.name, rows, facts | {"seconds": took})
    click.echo(f"written to {file.relative_to(ROOT)}")
    if not quick:
        context.invoke(page.command)


for each in (worst.command, each_request.command, profiles.command, page.command):
    main.add_command(each)


if __name__ == "__main__":
    main()
