"""Commands that talk to a running server by its control API, with its token."""

from __future__ import annotations

import json
import sys
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import click
import msgspec
import urllib3

from backroom.api.control import PREFIX
from backroom.cli import EXIT_UNREACHABLE
from backroom.cli.groups import SuggestingGroup
from backroom.cli.options import checked_url, own_url, settings_from
from backroom.cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 120.0
_LARGEST_GOOD = 299
ACCOUNT = click.option(
    "--account", metavar="NAME", help="The name or the id of the account; the default without it."
)
"""The option of commands about one account."""


class RunningServer:
    """The server that a command talks to."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/") + PREFIX
        self._token = token

    def ask(self, method: str, path: str, body: Any = None, **query: str | None) -> Any:
        """Send one request, and give the answer. Ends the command where it is refused."""
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self._url}{path}{'?' if given else ''}{urlencode(given)}"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        sent = None if body is None else msgspec.json.encode(body)
        try:
            with urllib3.PoolManager(retries=False, timeout=_SECONDS) as pool:
                answer = pool.request(method, url, body=sent, headers=headers)
        except urllib3.exceptions.HTTPError:
            click.echo(f"Error: No server answers at {self._url}.", err=True)
            sys.exit(EXIT_UNREACHABLE)
        return _result(answer.status, answer.data)


def _result(status: int, body: bytes) -> Any:
    try:
        found = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise click.ClickException("What answers is not the control API of backroom.") from None
    if status <= _LARGEST_GOOD:
        return found
    words = found.get("error") if isinstance(found, dict) else None
    if not isinstance(words, str):
        raise click.ClickException(f"The server has answered {status}. Is it backroom?")
    raise click.ClickException(printable(words))


def on_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command a `RunningServer`, and the options that name it."""

    def called(url: str | None, control_token: str | None, **others: Any) -> Any:
        settings = settings_from({"control_token": control_token})
        if not settings.control_token:
            raise click.UsageError(
                "The control API needs its token: give --control-token or BACKROOM_CONTROL_TOKEN."
                " The server has printed it at its start."
            )
        server = RunningServer(url or own_url(settings), settings.control_token)
        return command(server, **others)

    named = update_wrapper(called, command)
    with_token = click.option(
        "--control-token",
        metavar="TOKEN",
        help="The token of the server's control API.  [BACKROOM_CONTROL_TOKEN]",
    )(named)
    return click.option(
        "--url",
        envvar="BACKROOM_URL",
        show_envvar=True,
        callback=checked_url,
        help="The URL of the server.  [default: by BACKROOM_HOST and BACKROOM_PORT]",
    )(with_token)


def show(document: Any) -> None:
    """Print a document as one line of JSON."""
    click.echo(json.dumps(document))


@click.command("reset")
@ACCOUNT
@on_server
def reset_command(server: RunningServer, account: str | None) -> None:
    """Remove the catalog and the jobs of an account. Its keys stay."""
    show(server.ask("POST", "/reset", given_members(account=account)))


@click.command("seed")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@ACCOUNT
@on_server
def seed_command(server: RunningServer, file: str | None, account: str | None) -> None:
    """Put a feed, or the demo shop, into the catalog of an account.

    The format of a feed follows from the ending of its name. All of it is written, or nothing.
    Resources that exist are updated.
    """
    given: dict[str, Any] = {}
    if file is not None:
        from backroom.feeds.formats import open_feed
        from backroom.feeds.rows import FeedError

        try:
            feed = open_feed(Path(file))
            given = {"feed": feed.path.read_text(encoding="utf-8"), "format": feed.format.name}
        except (FeedError, UnicodeDecodeError, OSError) as error:
            raise click.ClickException(f"{file} can't be read: {error}") from None
    show(server.ask("POST", "/seed", given_members(account=account, **given)))


def given_members(**members: Any) -> dict[str, Any]:
    """Give the members of a body that are not None."""
    return {name: value for name, value in members.items() if value is not None}


@click.group("snapshot", cls=SuggestingGroup)
def snapshot_group() -> None:
    """Save, restore, list and delete snapshots of a running server's accounts.

    A snapshot has the catalog and the jobs of one account, or with --account '*' those of all.
    """


@snapshot_group.command("save")
@click.argument("name")
@ACCOUNT
@on_server
def save_command(server: RunningServer, name: str, account: str | None) -> None:
    """Save the catalog and the jobs of an account, in place of an earlier one of that name."""
    show(server.ask("POST", "/snapshots", given_members(name=name, account=account)))


@snapshot_group.command("restore")
@click.argument("name")
@ACCOUNT
@on_server
def restore_command(server: RunningServer, name: str, account: str | None) -> None:
    """Make the catalog and the jobs of an account what they were."""
    path = f"/snapshots/{quote(name, safe='')}/restore"
    show(server.ask("POST", path, given_members(account=account)))


@snapshot_group.command("list")
@ACCOUNT
@on_server
def snapshots_command(server: RunningServer, account: str | None) -> None:
    """List snapshots, oldest first: all, or those of one account."""
    for each in server.ask("GET", "/snapshots", account=account):
        show(each)


@snapshot_group.command("delete")
@click.argument("name")
@ACCOUNT
@on_server
def discard_command(server: RunningServer, name: str, account: str | None) -> None:
    """Delete a snapshot. The account keeps what it has."""
    server.ask("DELETE", f"/snapshots/{quote(name, safe='')}", account=account)


@click.group("accounts", cls=SuggestingGroup)
def accounts_group() -> None:
    """Make and list the accounts of a running server."""


@accounts_group.command("create")
@click.option("--name", help="The name of the new account; without it the server invents one.")
@on_server
def account_command(server: RunningServer, name: str | None) -> None:
    """Make an account with a key, and show both. The key is not shown again."""
    show(server.ask("POST", "/accounts", given_members(name=name)))


@accounts_group.command("list")
@on_server
def accounts_command(server: RunningServer) -> None:
    """List all accounts, oldest first."""
    for each in server.ask("GET", "/accounts"):
        show(each)


@click.command("jobs")
@ACCOUNT
@click.option("--status", help="Only jobs in this status.")
@on_server
def jobs_command(server: RunningServer, account: str | None, status: str | None) -> None:
    """List the newest jobs of an account of a running server."""
    for each in server.ask("GET", "/jobs", account=account, status=status):
        show(each)


@click.command("info")
@on_server
def info_command(server: RunningServer) -> None:
    """Say what a running server is."""
    show(server.ask("GET", "/info"))


@click.command("config")
@on_server
def config_command(server: RunningServer) -> None:
    """Show the settings of a running server. Secrets are replaced."""
    show(server.ask("GET", "/config"))
