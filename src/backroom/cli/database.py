"""`backroom migrate`: make or update the database without serving."""

from __future__ import annotations

from typing import Any

import click

from backroom.cli.options import settings_from, with_settings
from backroom.store import open_database
from backroom.store.database import Database, StoreUnavailable
from backroom.store.migrate import NewerDatabase, migrate


def opened(flags: dict[str, Any]) -> Database:
    """Open the database that the flags name, or end the command with what is wrong."""
    settings = settings_from(flags)
    try:
        return open_database(settings.database, migrated=False)
    except StoreUnavailable as error:
        raise click.ClickException(str(error)) from None


def migrated(database: Database) -> list[str]:
    """Bring the schema up to date, or end the command with what is wrong."""
    try:
        return migrate(database)
    except NewerDatabase as error:
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
