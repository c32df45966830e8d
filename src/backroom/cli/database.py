"""`backroom migrate` and `backroom database`: work on a database, without serving it."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backroom.cli import EXIT_ROWS_FAILED
from backroom.cli.options import settings_from, with_settings
from backroom.store import open_database, open_to_read
from backroom.store.database import Database, StoreUnavailable
from backroom.store.migrate import WrongDatabase, migrate
from backroom.store.move import Differs, NotEmpty, move

if TYPE_CHECKING:
    from collections.abc import Iterator


def opened(flags: dict[str, Any]) -> Database:
    """Open the database that the flags name. Ends the command with a message if that fails."""
    settings = settings_from(flags)
    try:
        return open_database(settings.database, migrated=False)
    except StoreUnavailable as error:
        raise click.ClickException(str(error)) from None


def migrated(database: Database) -> list[str]:
    """Bring the schema up to date. Ends the command with a message if that fails."""
    try:
        return migrate(database)
    except (WrongDatabase, StoreUnavailable) as error:
        database.close()
        raise click.ClickException(str(error)) from None


@click.command("migrate")
@with_settings("database")
def migrate_command(**flags: Any) -> None:
    """Make the database, or bring its schema up to date."""
    database = opened(flags)
    applied = migrated(database)
    database.close()
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is up to date.")


@click.group("database")
def database_group() -> None:
    """Move a database to another engine."""


@database_group.command("move")
@click.argument("source")
@click.argument("target")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
def move_command(source: str, target: str, output: str) -> None:
    """Copy everything from SOURCE to TARGET, each a path or a postgresql:// URL.

    Stop all servers and workers first. SOURCE is only read, and must have this version's schema:
    `backroom migrate` brings it up to date. TARGET is created if it does not exist, and must be
    empty. Run the command again to continue a move that was interrupted. In the end the command
    compares both databases, row by row.
    """
    if not source.startswith(("postgresql://", "postgres://")) and not Path(source).exists():
        raise click.ClickException(f"There is no database at {source}.")
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
            try:
                database = opening(url)
            except (StoreUnavailable, WrongDatabase) as error:
                raise click.ClickException(f"{name}: {error}") from None
            stack.callback(database.close)
            databases.append(database)
        yield databases[0], databases[1]
