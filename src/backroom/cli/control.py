"""Commands that steer a running server: its accounts, catalogs and snapshots."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import on_server, show, with_account
from backroom.control.route import given_members

if TYPE_CHECKING:
    from backroom.cli.running_server import RunningServer


@click.command("reset")
@with_account
@click.option(
    "--everything",
    is_flag=True,
    help="All accounts, and the faults, wishes, requests and time of the server.",
)
@on_server
def reset_command(server: RunningServer, account: str | None, everything: bool) -> None:  # noqa: FBT001
    """Remove the catalog and the jobs of an account. Its keys stay."""
    show(
        server.ask("POST", "/reset", given_members(account=account, everything=everything or None))
    )


@click.command("seed")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@with_account
@on_server
def seed_command(server: RunningServer, file: str | None, account: str | None) -> None:
    """Put a feed, or the demo shop, into the catalog of an account.

    The format of a feed is recognised from its content. All of it is written, or nothing. Resources
    that exist are updated.
    """
    given: dict[str, Any] = {}
    if file is not None:
        from backroom.feeds.formats import open_feed
        from backroom.feeds.rows import FeedError

        try:
            feed = open_feed(Path(file))
            content = b64encode(feed.source.path.read_bytes()).decode()
            given = {"feed_base64": content, "format": feed.format.name}
        except (FeedError, OSError) as error:
            raise click.ClickException(f"{file} can't be read: {error}") from None
    show(server.ask("POST", "/seed", given_members(account=account, **given)))


@click.group("snapshot", cls=SuggestingGroup)
def snapshot_group() -> None:
    """Save, restore, list and delete snapshots of a running server's accounts.

    A snapshot has the catalog and the jobs of one account, or with --account '*' those of all.
    """


@snapshot_group.command("save")
@click.argument("name")
@with_account
@on_server
def save_command(server: RunningServer, name: str, account: str | None) -> None:
    """Save the catalog and the jobs of an account, in place of an earlier one of that name."""
    show(server.ask("POST", "/snapshots", given_members(name=name, account=account)))


@snapshot_group.command("restore")
@click.argument("name")
@with_account
@on_server
def restore_command(server: RunningServer, name: str, account: str | None) -> None:
    """Restore the catalog and the jobs of an account from a snapshot."""
    path = f"/snapshots/{quote(name, safe='')}/restore"
    show(server.ask("POST", path, given_members(account=account)))


@snapshot_group.command("list")
@with_account
@on_server
def snapshots_command(server: RunningServer, account: str | None) -> None:
    """List snapshots, oldest first: all, or those of one account."""
    for each in server.ask("GET", "/snapshots", account=account):
        show(each)


@snapshot_group.command("delete")
@click.argument("name")
@with_account
@on_server
def discard_command(server: RunningServer, name: str, account: str | None) -> None:
    """Delete a snapshot. The account does not change."""
    server.ask("DELETE", f"/snapshots/{quote(name, safe='')}", account=account)


@click.command("imports")
@with_account
@on_server
def imports_command(server: RunningServer, account: str | None) -> None:
    """List the last imports of an account, newest first, and how many rows failed in each.

    The dashboard has the whole report of each.
    """
    for each in server.ask("GET", "/imports", account=account):
        show(each)


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


@click.command("resources")
@with_account
@click.option("--type", "kind", help="Only resources of this type: category, item or variant.")
@click.option("--external-id", help="Only resources with this external id.")
@on_server
def resources_command(
    server: RunningServer, account: str | None, kind: str | None, external_id: str | None
) -> None:
    """List the resources of an account, as a feed in JSON Lines that `seed` takes."""
    query = {"account": account, "type": kind, "external_id": external_id}
    for each in server.ask("GET", "/resources", **query):
        show(each)


@click.command("info")
@click.option("--document", is_flag=True, help="Show the OpenAPI document of its control API.")
@on_server
def info_command(server: RunningServer, document: bool) -> None:  # noqa: FBT001 - a flag
    """Show the version and the parts of a running server."""
    show(server.ask("GET", "/control.json" if document else "/info"))


@click.command("config")
@on_server
def config_command(server: RunningServer) -> None:
    """Show the settings of a running server. Secrets are replaced."""
    show(server.ask("GET", "/config"))
