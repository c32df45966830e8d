"""`backroom revisions`: the revisions of the ladder, and what each changed."""

from __future__ import annotations

import json

import click

from backroom.revisions import LADDER


@click.command("revisions")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
def revisions_command(output: str) -> None:
    """List the revisions, newest first, with the changes of each in answers and bodies."""
    changes = {date: [change.description for change in LADDER[date]] for date in reversed(LADDER)}
    if output == "json":
        click.echo(json.dumps([{"revision": date, "changes": changes[date]} for date in changes]))
        return
    for date, words in changes.items():
        click.echo(date)
        for each in words:
            click.echo("  " + each.replace("\n", "\n  "))
