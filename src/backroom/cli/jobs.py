"""`backroom jobs`: the bulk jobs of a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import click
import msgspec

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import on_server, show, with_account
from backroom.control.route import given_members

if TYPE_CHECKING:
    from backroom.cli.running_server import RunningServer


@click.group("jobs", cls=SuggestingGroup)
def jobs_group() -> None:
    """List, show, retry and cancel jobs of a running server."""


def _path_of_job(job_id: str, rest: str = "") -> str:
    return f"/jobs/{quote(job_id, safe='')}{rest}"


@jobs_group.command("list")
@with_account
@click.option("--status", help="Only jobs in this status.")
@on_server
def list_jobs_command(server: RunningServer, account: str | None, status: str | None) -> None:
    """List the newest jobs of an account, the newest first."""
    for each in server.ask("GET", "/jobs", account=account, status=status):
        show(each)


@jobs_group.command("show")
@click.argument("job_id")
@with_account
@on_server
def show_job_command(server: RunningServer, job_id: str, account: str | None) -> None:
    """Show one job, with the result of each operation."""
    show(server.ask("GET", _path_of_job(job_id), account=account))


@jobs_group.command("retry")
@click.argument("job_id")
@with_account
@click.option(
    "--operations",
    type=click.File("rb"),
    help="A file with a JSON list of operations to send instead, - for standard input.",
)
@on_server
def retry_job_command(
    server: RunningServer, job_id: str, account: str | None, operations: BinaryIO | None
) -> None:
    """Send the operations of a job that have failed once more, as a new job."""
    given: list[Any] | None = None
    if operations is not None:
        try:
            given = msgspec.json.decode(operations.read(), type=list[Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise click.ClickException(f"The operations are no JSON list: {error}") from None
    body = given_members(account=account, operations=given)
    show(server.ask("POST", _path_of_job(job_id, "/retry"), body))


@jobs_group.command("cancel")
@click.argument("job_id")
@with_account
@on_server
def cancel_job_command(server: RunningServer, job_id: str, account: str | None) -> None:
    """Cancel a job that waits. The server applies none of its operations."""
    show(server.ask("POST", _path_of_job(job_id, "/cancel"), given_members(account=account)))
