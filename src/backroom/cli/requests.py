"""`backroom faults` and `backroom requests`: faults for requests, and the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import member_pairs, on_server, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.cli.running_server import RunningServer

_REQUEST_FILTERS = {
    "operation": "Only requests to this operation.",
    "method": "Only requests with this method.",
    "path": "Only requests whose path matches; * stands for any text.",
    "status": "Only requests with this status, such as 404 or 4xx.",
    "account": "Only requests of this account, by its id.",
    "revision": "Only requests of this revision.",
    "body": "With this value in the body, as $.data.type=catalog-item; any value, as $.data.",
    "answer": "Only requests with this value in the body of the answer.",
    "since": "Only requests after the request with this number.",
}

_OF_ACCOUNT = click.option("--account", metavar="ID", help="Only faults for this account.")


@click.group("faults", cls=SuggestingGroup)
def faults_group() -> None:
    """Inject faults into the requests of a running server."""


@faults_group.command("add")
@click.argument("fault", nargs=-1, required=True, callback=member_pairs, metavar="NAME=VALUE...")
@on_server
def add_fault_command(server: RunningServer, fault: dict[str, Any]) -> None:
    """Add a fault, such as status=503 operation=create_catalog_item times=2."""
    show(server.ask("POST", "/faults", fault))


@faults_group.command("list")
@click.option("--unused", is_flag=True, help="Only faults that were never used.")
@_OF_ACCOUNT
@on_server
def list_faults_command(server: RunningServer, unused: bool, account: str | None) -> None:  # noqa: FBT001
    """List all faults, and how often each was used."""
    asked = {"unused": "true" if unused else None, "account": account}
    for each in server.ask("GET", "/faults", **asked)["faults"]:
        show(each)


@faults_group.command("show")
@click.argument("number", type=int)
@on_server
def show_fault_command(server: RunningServer, number: int) -> None:
    """Show one fault, and how often it was used."""
    show(server.ask("GET", f"/faults/{number}"))


@faults_group.command("remove")
@click.argument("number", type=int, required=False)
@_OF_ACCOUNT
@on_server
def remove_faults_command(server: RunningServer, number: int | None, account: str | None) -> None:
    """Remove one fault by its number, those for an account, or all."""
    if number is None:
        server.ask("DELETE", "/faults", account=account)
    else:
        server.ask("DELETE", f"/faults/{number}")


@click.group("requests", cls=SuggestingGroup)
def requests_group() -> None:
    """Show the requests in the journal of a running server."""


def _with_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, words in reversed(_REQUEST_FILTERS.items()):
        command = click.option(f"--{name}", help=words)(command)
    return command


@requests_group.command("list")
@_with_filters
@click.option("--limit", type=int, help="How many, from the end; 100 by default.")
@on_server
def list_requests_command(server: RunningServer, limit: int | None, **wanted: str | None) -> None:
    """List the requests that match, the oldest first."""
    most = None if limit is None else str(limit)
    for each in server.ask("GET", "/requests", limit=most, **wanted)["requests"]:
        show(each)


@requests_group.command("count")
@_with_filters
@on_server
def count_requests_command(server: RunningServer, **wanted: str | None) -> None:
    """Count the requests that match."""
    click.echo(server.ask("GET", "/requests/count", **wanted)["count"])


@requests_group.command("wait")
@_with_filters
@click.option("--count", type=int, default=1, show_default=True, help="How many must match.")
@click.option(
    "--timeout", type=float, default=10.0, show_default=True, help="For how many seconds."
)
@on_server
def wait_command(server: RunningServer, count: int, timeout: float, **wanted: str | None) -> None:
    """Wait until a number of requests match, and show them. Fails after the time-out."""
    given = {name: value for name, value in wanted.items() if value is not None}
    body = {**given, "count": count, "timeout": timeout}
    for each in server.waiting(timeout).ask("POST", "/requests/wait", body)["requests"]:
        show(each)


@requests_group.command("show")
@click.argument("number", type=int)
@on_server
def show_request_command(server: RunningServer, number: int) -> None:
    """Show one request."""
    show(server.ask("GET", f"/requests/{number}"))


@requests_group.command("follow")
@_with_filters
@on_server
def follow_command(server: RunningServer, **wanted: str | None) -> None:
    """Show each request that matches as it comes, until the server stops."""
    for each in server.follow("/requests/live", **wanted):
        show(each)


@requests_group.command("clear")
@on_server
def clear_requests_command(server: RunningServer) -> None:
    """Remove all requests from the journal."""
    server.ask("DELETE", "/requests")
