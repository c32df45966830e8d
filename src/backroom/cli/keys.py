"""`backroom keys`: the keys that open accounts."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from backroom.cli.database import opened
from backroom.cli.groups import SuggestingGroup
from backroom.cli.options import settings_from, with_format, with_settings
from backroom.cli.printable import printable
from backroom.cli.running_server import server_named, with_server
from backroom.control.keys import key_document, new_key_document
from backroom.settings import Settings
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT
from backroom.store.migrate import migrate
from backroom.store.sqlite_file import ephemeral_server_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.cli.running_server import RunningServer
    from backroom.store.database import Database

_SCOPE = re.compile(r"[a-z]+(-[a-z]+)*:(read|write)")


_ON_SERVER = ("url", "control_token", "control_token_file")


def _with_place(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options for the place of the keys: a database, or a running server.

    The command gets a `RunningServer` or None as `server`, and the flags of a database.
    """

    def called(database: str | None, **given: Any) -> Any:
        named = {name: given.pop(name) for name in _ON_SERVER}
        if named["url"] and database:
            raise click.UsageError("--url and --database exclude each other.")
        server = server_named(named) if named["url"] else None
        return command(server, {"database": database}, **given)

    return with_settings("database")(with_server(update_wrapper(called, command)))


@contextmanager
def _database(flags: dict[str, Any], *, make: bool = False) -> Iterator[Database]:
    with opened(flags, make=make) as database:
        migrate(database)
        yield database


@click.group("keys", cls=SuggestingGroup)
def keys_group() -> None:
    """Make, list and revoke private keys.

    The commands work on the database, or with --url on a running server, which needs the token of
    its control API. An ephemeral server has no other way. No command shows a key again: make
    another in its place.
    """


def _scopes(_: click.Context, __: click.Parameter, value: str | None) -> list[str]:
    scopes = [each.strip() for each in (value or "").split(",") if each.strip()]
    for each in scopes:
        if not _SCOPE.fullmatch(each):
            raise click.BadParameter(f"{each!r} is not a scope. Scopes look like catalogs:read.")
    return scopes


@keys_group.command("create")
@_with_place
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
def create_command(
    server: RunningServer | None,
    flags: dict[str, Any],
    *,
    name: str,
    scopes: list[str],
    account: str,
    output: str,
) -> None:
    """Make a key and show it. It is not shown again."""
    if not name.strip() or not account.strip():
        raise click.UsageError("The names of a key and of an account can't be empty.")
    if server is not None:
        body = {"name": name, "account": account, "scopes": scopes}
        made = server.ask("POST", "/keys", body)
        click.echo(json.dumps(made) if output == "json" else made["key"])
    else:
        _create_in_database(flags, name, scopes, account, as_json=output == "json")
    if output == "text":
        click.echo(
            f"opens the account {account!r}, {' '.join(scopes) or 'full access'};"
            " it is not shown again",
            err=True,
        )


def _create_in_database(
    flags: dict[str, Any], name: str, scopes: list[str], account: str, *, as_json: bool
) -> None:
    _look_for_ephemeral_server(settings_from(flags).database)
    with _database(flags, make=True) as database:
        made = database.write(lambda tx: keys.create(tx, account, name, scopes)).result()
        document = new_key_document(made, name, scopes)
        try:
            click.echo(json.dumps(document) if as_json else made.key)
        except OSError as error:
            # Nobody has seen the key, and it is not shown again.
            database.write(lambda tx: keys.remove(tx, made)).result()
            raise click.ClickException(
                f"The key can't be printed: {error.strerror}. It was not kept."
            ) from None


def _look_for_ephemeral_server(database: str) -> None:
    """Warn if an ephemeral server runs here: the key is most likely meant for that one."""
    if database != Settings.database or not ephemeral_server_runs():
        return
    words = (
        "A server with --ephemeral runs on this machine, and keeps its database to itself. For a"
        " key to it, name the server: --url and --control-token. For a key to another database,"
        " name its --database."
    )
    if not Path(database).exists():
        raise click.UsageError(f"There is no database at {database}. {words}")
    click.echo(f"Note: the key is for {database}. {words}", err=True)


@keys_group.command("list")
@_with_place
@with_format()
def list_command(server: RunningServer | None, flags: dict[str, Any], *, output: str) -> None:
    """List all keys, without their secrets."""
    if server is not None:
        documents = server.ask("GET", "/keys")
    else:
        with _database(flags) as database, database.read() as tx:
            documents = [key_document(row) for row in keys.all_keys(tx)]
    if output == "json":
        click.echo(json.dumps(documents))
        return
    for each in documents:
        scopes = " ".join(each["scopes"] or ()) or "full access"
        state = f"revoked {each['revoked_at']}" if each["revoked_at"] else scopes
        names = printable(f"{each['account_name']}  {each['name']}")
        used = f"used {each['last_used_at'][:16]}" if each["last_used_at"] else "never used"
        click.echo(f"{each['id']}  pk_…{each['hint']}  {names}  {state}  {used}")


@keys_group.command("revoke")
@_with_place
@click.argument("key_id")
def revoke_command(server: RunningServer | None, flags: dict[str, Any], *, key_id: str) -> None:
    """Revoke the key with this id, which `keys list` shows."""
    if server is not None:
        server.ask("DELETE", f"/keys/{quote(key_id, safe='')}")
    else:
        with _database(flags) as database:
            found = database.write(lambda tx: keys.revoke(tx, key_id)).result()
        if not found:
            raise click.ClickException(f"There is no key with the id {key_id}.")
    click.echo(f"revoked {key_id}")
