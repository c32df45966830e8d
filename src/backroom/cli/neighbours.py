"""Commands for what a running server keeps of operations beside the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import on_server, show, with_account
from backroom.control.route import given_members

if TYPE_CHECKING:
    from backroom.cli.running_server import RunningServer


_ANY_ACCOUNT = click.option(
    "--account", metavar="NAME", help="The name or the id of one account; all without it."
)
_TRUTH_TEXTS = {"true": True, "false": False}


@click.command("subscriptions")
@_ANY_ACCOUNT
@click.option(
    "--delivered/--waiting", default=None, help="Only subscriptions with an event, or without."
)
@on_server
def subscriptions_command(
    server: RunningServer, account: str | None, *, delivered: bool | None
) -> None:
    """List the subscriptions to the stock of variants, each with its event or null."""
    wanted = None if delivered is None else str(delivered).lower()
    for each in server.ask("GET", "/subscriptions", account=account, delivered=wanted):
        show(each)


@click.command("accepted")
@_ANY_ACCOUNT
@click.option("--operation", metavar="NAME", help="Only requests to one operation.")
@on_server
def accepted_command(server: RunningServer, account: str | None, operation: str | None) -> None:
    """List the requests to operations that are only accepted, with their bodies."""
    for each in server.ask("GET", "/accepted", account=account, operation=operation):
        show(each)


@click.command("shop")
@click.argument("changes", metavar="[NAME=VALUE]...", nargs=-1)
@with_account
@on_server
def shop_command(server: RunningServer, changes: tuple[str, ...], account: str | None) -> None:
    """Show the attributes of an account, or change some of them first.

    A dot leads into an object, as in contact_information.website_url=https://mugs.example.
    """
    if not changes:
        show(server.ask("GET", "/shop", account=account))
        return
    body = given_members(account=account)
    for each in changes:
        name, given, value = each.partition("=")
        if not given:
            raise click.UsageError(f"{each!r} has no =: give changes as NAME=VALUE.")
        _put_change(body, name, _TRUTH_TEXTS.get(value, value))
    show(server.ask("PATCH", "/shop", body))


def _put_change(body: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for each in parents:
        body = body.setdefault(each, {})
        if not isinstance(body, dict):
            raise click.UsageError(f"{name!r} leads into a member that has a value.")
    body[last] = value


@click.group("lists", cls=SuggestingGroup)
def lists_group() -> None:
    """Make lists of profiles on a running server."""


@lists_group.command("create")
@click.argument("name")
@click.option("--id", "list_id", help="Its id; without it the server invents one.")
@with_account
@on_server
def new_list_command(
    server: RunningServer, name: str, list_id: str | None, account: str | None
) -> None:
    """Make a list, and show its id."""
    show(server.ask("POST", "/lists", given_members(name=name, id=list_id, account=account)))
