"""`backroom revisions`: the revisions of the ladder, and what each changed."""

from __future__ import annotations

import json

import click

from backroom.cli.options import with_format
from backroom.revisions import LADDER, history


@click.command("revisions")
@with_format()
def revisions_command(output: str) -> None:
    """List the revisions, newest first, with what each changed."""
    changes = {date: history.changes(date) for date in reversed(LADDER)}
    if output == "json":
        click.echo(json.dumps([{"revision": date, "changes": changes[date]} for date in changes]))
        return
    for date, words in changes.items():
        click.echo(date)
        for each in words or ["Nothing changed in what is served."]:
            click.echo("  " + each.replace("\n", "\n  "))
