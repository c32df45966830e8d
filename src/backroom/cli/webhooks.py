"""`backroom webhooks`: where a running server sends events about jobs, and the deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import on_server, show, with_account
from backroom.control.route import given_members
from backroom.store.webhooks import STATES, WEBHOOK_EVENTS

if TYPE_CHECKING:
    from backroom.cli.running_server import RunningServer

_WEBHOOK = click.argument("webhook", metavar="ID")


@click.group("webhooks", cls=SuggestingGroup)
def webhooks_group() -> None:
    """Send events about the jobs of a running server to a URL.

    This is an extension of backroom: the real service has no webhooks for jobs.
    """


@webhooks_group.command("create")
@click.argument("receiver", metavar="URL")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(list(WEBHOOK_EVENTS)),
    help="Only events of a type; may be given again. All events without it.",
)
@with_account
@on_server
def new_webhook_command(
    server: RunningServer, receiver: str, events: tuple[str, ...], account: str | None
) -> None:
    """Send events about the jobs of an account to a URL, and show the secret that signs them."""
    body = given_members(url=receiver, events=list(events) or None, account=account)
    show(server.ask("POST", "/webhooks", body))


@webhooks_group.command("list")
@click.option(
    "--account", metavar="NAME", help="The name or the id of an account; all accounts without it."
)
@on_server
def list_webhooks_command(server: RunningServer, account: str | None) -> None:
    """List the webhooks, without their secrets."""
    for each in server.ask("GET", "/webhooks", account=account):
        show(each)


@webhooks_group.command("delete")
@_WEBHOOK
@on_server
def delete_webhook_command(server: RunningServer, webhook: str) -> None:
    """Remove a webhook, with its deliveries."""
    server.ask("DELETE", f"/webhooks/{webhook}")


@webhooks_group.command("deliveries")
@_WEBHOOK
@click.option("--state", type=click.Choice(STATES), help="Only deliveries in this state.")
@on_server
def deliveries_command(server: RunningServer, webhook: str, state: str | None) -> None:
    """List the newest deliveries of a webhook, each with its last try."""
    for each in server.ask("GET", f"/webhooks/{webhook}/deliveries", state=state):
        show(each)


@webhooks_group.command("test")
@_WEBHOOK
@on_server
def test_webhook_command(server: RunningServer, webhook: str) -> None:
    """Send a test event."""
    show(server.ask("POST", f"/webhooks/{webhook}/test", {}))


@webhooks_group.command("send-again")
@_WEBHOOK
@click.argument("delivery", metavar="DELIVERY")
@on_server
def send_again_command(server: RunningServer, webhook: str, delivery: str) -> None:
    """Send a delivery again at once, with the same id."""
    show(server.ask("POST", f"/webhooks/{webhook}/deliveries/{delivery}/send", {}))
