"""`backroom keys`: the keys that open accounts."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backroom.cli.database import opened
from backroom.cli.groups import SuggestingGroup
from backroom.cli.options import settings_from, with_format, with_settings
from backroom.cli.printable import printable
from backroom.control.keys import key_document
from backroom.settings import Settings
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT
from backroom.store.migrate import migrate
from backroom.store.sqlite_file import ephemeral_server_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database

_SCOPE = re.compile(r"[a-z]+(-[a-z]+)*:(read|write)")


@contextmanager
def _database(flags: dict[str, Any], *, make: bool = False) -> Iterator[Database]:
    with opened(flags, make=make) as database:
        migrate(database)
        yield database


@click.group("keys", cls=SuggestingGroup)
def keys_group() -> None:
    """Make, list and revoke private keys."""


def _scopes(_: click.Context, __: click.Parameter, value: str | None) -> list[str]:
    scopes = [each.strip() for each in (value or "").split(",") if each.strip()]
    for each in scopes:
        if not _SCOPE.fullmatch(each):
            raise click.BadParameter(f"{each!r} is not a scope. Scopes look like catalogs:read.")
    return scopes


@keys_group.command("create")
@with_settings("database")
@click.option("--name", required=True, help="A name for the key, which lists show.")
@click.option(
    "--scopes",
    callback=_scopes,
    metavar="SCOPE,...",
    help="What the key may do, as catalogs:read,catalogs:write. Everything without this option.",
)
@click.option(
    "--account",
    default=DEFAULT_ACCOUNT,
    show_default=True,
    help="The name of the account that the key opens. A new account is made.",
)
@with_format()
def create_command(name: str, scopes: list[str], account: str, output: str, **flags: Any) -> None:
    """Make a key and show it. It is not shown again."""
    if not name.strip() or not account.strip():
        raise click.UsageError("The names of a key and of an account can't be empty.")
    _look_for_ephemeral_server(settings_from(flags).database)
    with _database(flags, make=True) as database:
        made = database.write(lambda tx: keys.create(tx, account, name, scopes)).result()
        document = {
            "key": made.key,
            "id": made.key_id,
            "name": name,
            "account": made.account,
            "account_name": made.account_name,
            "scopes": scopes or None,
        }
        try:
            click.echo(json.dumps(document) if output == "json" else made.key)
        except OSError as error:
            # Nobody has seen the key, and it is not shown again.
            database.write(lambda tx: keys.remove(tx, made)).result()
            raise click.ClickException(
                f"The key can't be printed: {error.strerror}. It was not kept."
            ) from None
    if output == "text":
        click.echo(
            f"opens the account {account!r}, {' '.join(scopes) or 'full access'};"
            " it is not shown again",
            err=True,
        )


def _look_for_ephemeral_server(database: str) -> None:
    """Say what is wrong where the key is for an ephemeral server, most likely."""
    if database != Settings.database or not ephemeral_server_runs():
        return
    words = (
        "A server with --ephemeral runs on this machine. It keeps its database to itself, and only"
        " the key that it has printed opens it. For more keys start a server with --database, and"
        " name the same --database here."
    )
    if not Path(database).exists():
        raise click.UsageError(f"There is no database at {database}. {words}")
    click.echo(f"Note: the key is for {database}. {words}", err=True)


@keys_group.command("list")
@with_settings("database")
@with_format()
def list_command(output: str, **flags: Any) -> None:
    """List all keys, without their secrets."""
    with _database(flags) as database, database.read() as tx:
        rows = keys.all_keys(tx)
    if output == "json":
        click.echo(json.dumps([key_document(row) for row in rows]))
        return
    for row in rows:
        state = f"revoked {row.revoked_at}" if row.revoked_at else row.scopes or "full access"
        names = printable(f"{row.account_name}  {row.name}")
        click.echo(f"{row.key_id}  pk_…{row.hint}  {names}  {state}")


@keys_group.command("revoke")
@with_settings("database")
@click.argument("key_id")
def revoke_command(key_id: str, **flags: Any) -> None:
    """Revoke the key with this id, which `keys list` shows."""
    with _database(flags) as database:
        found = database.write(lambda tx: keys.revoke(tx, key_id)).result()
    if not found:
        raise click.ClickException(f"There is no key with the id {key_id}.")
    click.echo(f"revoked {key_id}")
