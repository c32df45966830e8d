"""`backroom clock` and `backroom pace`: the time of a running server, and the pace of its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backroom.cli.groups import SuggestingGroup
from backroom.cli.running_server import member_pairs, on_server, show
from backroom.control.route import given_members

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.cli.running_server import RunningServer

_UNITS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds")


@click.group("clock", cls=SuggestingGroup)
def clock_group() -> None:
    """Show and set the time of a running server."""


@clock_group.command("show")
@on_server
def show_clock_command(server: RunningServer) -> None:
    """Show the time, and how it runs."""
    show(server.ask("GET", "/clock"))


@clock_group.command("run")
@click.argument("how", metavar="real|frozen|60x|MOMENT")
@on_server
def run_clock_command(server: RunningServer, how: str) -> None:
    """Run the clock as usual or at a speed, or stop it: now, or at a moment."""
    show(server.ask("PUT", "/clock", {"clock": how}))


@clock_group.command("set")
@click.argument("moment")
@on_server
def set_clock_command(server: RunningServer, moment: str) -> None:
    """Set the time to a moment, such as 2030-01-01T00:00:00Z. It goes on as before."""
    show(server.ask("POST", "/clock/set", {"to": moment}))


def _with_units(command: Callable[..., Any]) -> Callable[..., Any]:
    for unit in reversed(_UNITS):
        command = click.option(f"--{unit}", type=float, metavar="NUMBER")(command)
    return command


@clock_group.command("advance")
@_with_units
@on_server
def advance_clock_command(server: RunningServer, **by: float | None) -> None:
    """Move time forward by the sum of the options."""
    show(server.ask("POST", "/clock/advance", given_members(**by)))


@click.group("pace", cls=SuggestingGroup)
def pace_group() -> None:
    """Add and remove wishes for the jobs of a running server."""


@pace_group.command("add")
@click.argument("wish", nargs=-1, required=True, callback=member_pairs, metavar="NAME=VALUE...")
@on_server
def add_wish_command(server: RunningServer, wish: dict[str, Any]) -> None:
    """Add a wish for the next jobs, such as after_seconds=2 times=always."""
    show(server.ask("POST", "/pace", wish))


@pace_group.command("list")
@click.option("--unused", is_flag=True, help="Only wishes that no job took.")
@click.option("--account", metavar="ID", help="Only faults for this account.")
@on_server
def list_wishes_command(server: RunningServer, unused: bool, account: str | None) -> None:  # noqa: FBT001
    """List all wishes, and the jobs that they hold."""
    show(server.ask("GET", "/pace", unused="true" if unused else None, account=account))


@pace_group.command("release")
@click.option("--job", metavar="ID", help="The job.")
@click.option("--account", metavar="ID", help="Release only jobs of this account.")
@on_server
def release_jobs_command(server: RunningServer, job: str | None, account: str | None) -> None:
    """Release jobs that a wish holds: one, those of an account, or all."""
    show(server.ask("POST", "/pace/release", given_members(job=job, account=account)))


@pace_group.command("forget")
@click.argument("wish", type=int, required=False)
@click.option("--account", metavar="ID", help="Remove the wishes for this account.")
@on_server
def forget_wishes_command(server: RunningServer, wish: int | None, account: str | None) -> None:
    """Remove one wish by its id, those for an account, or all. Their jobs go on as usual."""
    if wish is None:
        server.ask("DELETE", "/pace", account=account)
    else:
        server.ask("DELETE", f"/pace/{wish}")
