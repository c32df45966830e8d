"""`backroom status`: whether a server is ready. For health checks that have no HTTP client."""

from __future__ import annotations

import sys

import click
import urllib3

from backroom.api.control import PREFIX
from backroom.cli import EXIT_UNREACHABLE
from backroom.settings import DEFAULT_PORT

_SECONDS = 2.0


@click.command("status")
@click.option(
    "--url",
    envvar="BACKROOM_URL",
    default=f"http://127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="The URL of the server.  [BACKROOM_URL]",
)
def status_command(url: str) -> None:
    """Say whether a server is ready. The exit code is 0 if it is, 4 if not."""
    address = f"{url.rstrip('/')}{PREFIX}/health/ready"
    try:
        answer = urllib3.request("GET", address, timeout=_SECONDS, retries=False)
    except urllib3.exceptions.HTTPError:
        click.echo(f"No server answers at {url}.", err=True)
        sys.exit(EXIT_UNREACHABLE)
    click.echo(answer.data.decode())
    if answer.status != 200:  # noqa: PLR2004 - a status of HTTP
        sys.exit(EXIT_UNREACHABLE)
