"""`backroom migrate` and `backroom database`: work on a database, without serving it."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from backroom.addresses import wrong_with_database
from backroom.cli import EXIT_ROWS_FAILED
from backroom.cli.failures import reported
from backroom.cli.groups import SuggestingGroup
from backroom.cli.options import settings_from, with_format, with_settings
from backroom.store import open_database, open_to_read
from backroom.store.migrate import migrate
from backroom.store.move import Differs, NotEmpty, move

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database


@contextmanager
def opened(flags: dict[str, Any], *, make: bool = True) -> Iterator[Database]:
    """Open the database that the flags name, without bringing its schema up to date.

    A missing file is made, unless not `make`. Ends the command with a message where the database
    can't be opened or used.
    """
    url = settings_from(flags).database
    with reported(), closing(open_database(url, migrated=False, make=make)) as database:
        yield database


@click.command("migrate")
@with_settings("database")
def migrate_command(**flags: Any) -> None:
    """Make the database, or bring its schema up to date."""
    with opened(flags) as database:
        applied = migrate(database)
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is up to date.")


@click.group("database", cls=SuggestingGroup)
def database_group() -> None:
    """Move a database to another engine."""


@database_group.command("move")
@click.argument("source")
@click.argument("target")
@with_format()
def move_command(source: str, target: str, output: str) -> None:
    """Copy everything from SOURCE to TARGET, each a path or a postgresql:// URL.

    Stop all servers and workers first. SOURCE is only read, and must have this version's schema:
    `backroom migrate` brings it up to date. TARGET is created if it does not exist, and must be
    empty. Run the command again to continue a move that was interrupted. In the end the command
    compares both databases, row by row.
    """
    for name, url in (("SOURCE", source), ("TARGET", target)):
        if wrong := wrong_with_database(url):
            raise click.UsageError(wrong.replace("database", name, 1))
    with _both(source, target) as (here, there):
        try:
            moved = move(here, there, lambda *_: None)
        except NotEmpty as error:
            raise click.ClickException(str(error)) from None
        except Differs as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(EXIT_ROWS_FAILED) from None
    if output == "json":
        click.echo(json.dumps([asdict(each) for each in moved]))
        return
    for each in moved:
        click.echo(f"{each.table:20} {each.rows:>10} rows  {each.checksum}")
    click.echo("Moved. Both databases hold the same rows.")


@contextmanager
def _both(source: str, target: str) -> Iterator[tuple[Database, Database]]:
    with ExitStack() as stack:
        databases = []
        for name, opening, url in (
            ("SOURCE", open_to_read, source),
            ("TARGET", open_database, target),
        ):
            with reported(f"{name}: "):
                database = opening(url)
            stack.callback(database.close)
            databases.append(database)
        yield databases[0], databases[1]
