"""`backroom keys`: the keys that open accounts."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from backroom.cli.database import migrated, opened
from backroom.cli.options import with_settings
from backroom.store import keys
from backroom.store.database import StoreUnavailable
from backroom.store.keys import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database

_SCOPE = re.compile(r"[a-z]+(-[a-z]+)*:(read|write)")
_FORMAT = click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)


@contextmanager
def _database(flags: dict[str, Any]) -> Iterator[Database]:
    database = opened(flags)
    migrated(database)
    try:
        yield database
    except StoreUnavailable as error:
        raise click.ClickException(str(error)) from None
    finally:
        database.close()


@click.group("keys")
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
@_FORMAT
def create_command(name: str, scopes: list[str], account: str, output: str, **flags: Any) -> None:
    """Make a key and show it. It is not shown again."""
    if not name.strip() or not account.strip():
        raise click.UsageError("The names of a key and of an account can't be empty.")
    with _database(flags) as database:
        made = database.write(lambda tx: keys.create(tx, account, name, scopes)).result()
    if output == "json":
        document = {
            "key": made.key,
            "id": made.key_id,
            "name": name,
            "account": made.account,
            "account_name": made.account_name,
            "scopes": scopes or None,
        }
        click.echo(json.dumps(document))
        return
    click.echo(made.key)
    click.echo(
        f"opens the account {account!r}, {' '.join(scopes) or 'full access'};"
        " it is not shown again",
        err=True,
    )


@keys_group.command("list")
@with_settings("database")
@_FORMAT
def list_command(output: str, **flags: Any) -> None:
    """List all keys, without their secrets."""
    with _database(flags) as database, database.read() as tx:
        rows = keys.all_keys(tx)
    if output == "json":
        click.echo(json.dumps([{**row._asdict(), "scopes": row.scopes.split()} for row in rows]))
        return
    for row in rows:
        state = f"revoked {row.revoked_at}" if row.revoked_at else row.scopes or "full access"
        click.echo(f"{row.key_id}  pk_…{row.hint}  {row.account_name}  {row.name}  {state}")


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
