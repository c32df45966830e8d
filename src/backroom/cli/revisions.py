"""`backroom revisions`: the revisions of the ladder, what each changed, and how two differ."""

from __future__ import annotations

import json
from typing import Any

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.options import with_format
from backroom.control.route import ControlError
from backroom.revisions import LADDER, history


@click.group("revisions", cls=SuggestingGroup, invoke_without_command=True)
@with_format()
@click.pass_context
def revisions_command(context: click.Context, output: str) -> None:
    """List the revisions, newest first, with what each changed."""
    if context.invoked_subcommand is not None:
        return
    changes = {date: history.changes(date) for date in reversed(LADDER)}
    if output == "json":
        click.echo(json.dumps([{"revision": date, "changes": changes[date]} for date in changes]))
        return
    for date, words in changes.items():
        _print_changes(date, words)


@revisions_command.command("diff")
@click.argument("before", metavar="REVISION")
@click.argument("after", metavar="REVISION")
@click.argument("operation", required=False)
@with_format()
def diff_command(before: str, after: str, operation: str | None, output: str) -> None:
    """Show how two revisions differ, in all operations or in the one named.

    An operation that differs is shown with its parameters, with the members that its body needs,
    and with examples of its body and its answer, of both revisions.
    """
    from backroom.control.revisions import difference

    try:
        found = difference(before, after, operation)
    except ControlError as error:
        raise click.UsageError(str(error)) from None
    if output == "json":
        click.echo(json.dumps(found))
        return
    click.echo(f"{found['from']} to {found['to']}")
    if operation is None:
        for each in found["changes"]:
            _print_changes(each["revision"], each["changes"])
    if not found["operations"]:
        click.echo("No operation differs." if operation is None else "It does not differ.")
    for each in found["operations"]:
        _print_operation(each, found["from"], found["to"])


def _print_changes(date: str, words: list[str]) -> None:
    click.echo(date)
    for each in words or ["The revisions do not differ."]:
        click.echo("  " + each.replace("\n", "\n  "))


def _print_operation(found: dict[str, Any], older: str, newer: str) -> None:
    click.echo(f"\n{found['method']} {found['path']} ({found['operation']}) is {found['change']}")
    for name, value in found["after"].items():
        if found["before"] is not None:
            click.echo(f"  {name}, {older}:\n{_indented(found['before'][name])}")
        click.echo(f"  {name}, {newer}:\n{_indented(value)}")


def _indented(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    return "\n".join(f"    {line}" for line in text.splitlines())
