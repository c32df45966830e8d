"""`backroom status`: whether a server is ready. For health checks that have no HTTP client."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
import msgspec
import urllib3

from backroom.api.control import PREFIX
from backroom.cli import EXIT_UNREACHABLE
from backroom.cli.options import checked_url, own_url, settings_from, with_format
from backroom.cli.printable import printable

_STATUS_SECONDS = 2.0
_MOST_BYTES = 65_536
_READY = "ok"


@click.command("status")
@click.option(
    "--url",
    envvar="BACKROOM_URL",
    show_envvar=True,
    callback=checked_url,
    help="The URL of the server.  [default: by BACKROOM_HOST and BACKROOM_PORT, as for serve]",
)
@with_format(show_default=True)
def status_command(url: str | None, output: str) -> None:
    """Say whether a server is ready. The exit code is 0 if it is, 4 if not."""
    url = (url or own_url(settings_from({}))).rstrip("/")
    try:
        found = _asked_health(url)
    except urllib3.exceptions.HTTPError:
        found, words = {"status": "unreachable"}, f"No server answers at {url}."
    else:
        words = _health_in_words(url, found)
    is_ready = found["status"] == _READY
    if output == "json":
        click.echo(json.dumps({"url": url, **found}))
    else:
        click.echo(words, err=not is_ready)
    if not is_ready:
        sys.exit(EXIT_UNREACHABLE)


def _health_in_words(url: str, health: dict[str, Any]) -> str:
    if health["status"] == "foreign":
        return f"What answers at {url} is not backroom."
    of_server = f"backroom {health.get('version')} on {health.get('database')} at {url}"
    words = f"{health['status']}: {of_server}"
    if health["status"] != _READY:
        words += "; it can't write to its database, and `backroom doctor` says more"
    if health.get("worker") == "missing":
        words += "; jobs wait, because no worker is alive"
    return printable(words)


def _asked_health(url: str) -> dict[str, Any]:
    """Ask a server for its health. Raises urllib3's errors."""
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request(
            "GET", f"{url}{PREFIX}/health/ready", timeout=_STATUS_SECONDS, preload_content=False
        )
        body = answer.read(_MOST_BYTES)
        answer.close()
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"status": "foreign"}
    if "version" not in found or not isinstance(found.get("status"), str):
        return {"status": "foreign"}
    # A proxy may answer in place of the server.
    return found if answer.status in {200, 503} else {"status": "foreign"}
