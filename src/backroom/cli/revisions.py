"""`backroom revisions`: the revisions of the ladder, and what each changed."""

from __future__ import annotations

import json

import click

from backroom.revisions import LADDER, history


@click.command("revisions")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
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
