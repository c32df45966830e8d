"""`backroom serve`: the server, and by default a worker in the same process."""

from __future__ import annotations

import gc
import json
import logging
import sys
from typing import Any

import click

from backroom import __version__, events
from backroom.cli.allocator import keep_freed_memory
from backroom.cli.failures import reported
from backroom.cli.logs import is_json, log_to_stderr, logs_requests
from backroom.cli.options import (
    environment,
    settings_from,
    telemetry_from_variables,
    with_format,
    with_settings,
)
from backroom.dashboard.mount import HOME
from backroom.server import Server, Started
from backroom.settings import Settings
from backroom.store import is_postgres

log = logging.getLogger(__name__)


@click.command("serve")
@with_settings()
@with_format("How to print that the server is ready.")
def serve_command(output: str, **flags: Any) -> None:
    """Run the server.

    By default it listens on 127.0.0.1, keeps its catalog in one file, and applies bulk jobs in the
    same process. The first start makes an account with a private key that has full access. The key
    is shown only then.
    """
    settings = settings_from(flags)
    log_to_stderr(settings)
    # uvicorn's start-up log repeats ours.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    if settings.worker == "off" and (settings.ephemeral or not is_postgres(settings.database)):
        raise click.UsageError(
            "A server on SQLite applies its jobs itself: --worker off needs a postgresql://"
            " --database."
        )
    if settings.ephemeral and settings.database != Settings.database:
        # The value is from the environment: a flag beside --ephemeral is refused.
        log.info(events.DATABASE_SETTING_UNUSED)
    shared = is_postgres(settings.database) and not settings.ephemeral
    telemetry = telemetry_from_variables("postgres" if shared else "sqlite")
    with reported():
        server = _opened_server(settings)
    if logs_requests(settings):
        # A server that logs no requests starts sooner.
        from backroom.cli.access_log import AccessLog, LineWriter
        from backroom.cli.job_log import JobLog

        writer = LineWriter(sys.stderr)
        click.get_current_context().call_on_close(writer.close)
        server.observe(AccessLog(writer, as_json=is_json(settings)))
        server.next_job.watch.add(JobLog(writer, as_json=is_json(settings)))
    if telemetry is not None:
        server.tell(telemetry)
    keep_freed_memory(environment())
    # All objects that exist by now stay to the end. Looking through them for garbage would take
    # 20 ms, in which no request is answered, twice in 500 jobs.
    gc.freeze()
    server.stop_on_signals()
    with reported():
        server.run(lambda started: _announce(started, settings, output))


def _opened_server(settings: Settings) -> Server:
    try:
        return Server(settings)
    except OSError as error:
        raise click.ClickException(
            f"{settings.host} port {settings.port} can't be listened on: {error.strerror}"
        ) from None


def _announce(started: Started, settings: Settings, output: str) -> None:
    try:
        _print_start(started, settings, output)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(
            f"The server's URL and key can't be printed: {error.strerror}. No key was kept."
        ) from None


def _print_start(started: Started, settings: Settings, output: str) -> None:
    made, fixed = started.first_key, started.fixed_key
    if output == "json":
        document = {
            "url": started.url,
            "version": __version__,
            "account": made.account if made else fixed[0] if fixed else None,
            "key": made.key if made else fixed[1] if fixed else None,
            "control_token": started.control_token,
        }
        click.echo(json.dumps(document))
        return
    click.echo(f"backroom {__version__} is listening on {started.url}")
    _print_keys(started, settings)
    home = f"{settings.public_url or started.url}{HOME}"
    if settings.control_token:
        click.echo(f"Dashboard: {home}")
        return
    click.echo(f"Dashboard: {home}?token={started.control_token}")
    click.echo(f"Token of the control API until it stops: {started.control_token}")


def _print_keys(started: Started, settings: Settings) -> None:
    made = started.first_key
    if settings.open:
        click.echo("Any key that begins with pk_ opens the default account, unless it is known.")
    if settings.key:
        click.echo(f"Fixed keys: {', '.join(settings.key)}")
        return
    if made:
        click.echo(f"Private key of the account {made.account_name!r}, shown only this once:")
        click.echo(f"  {made.key}")
        return
    where = "" if settings.database == Settings.database else f" --database {settings.database}"
    if is_postgres(settings.database):
        # The URL may have a password.
        where = " --database URL"
    click.echo(
        f"{started.keys} {'key opens' if started.keys == 1 else 'keys open'} its database."
        f" No key is shown again. To make another: backroom keys create{where} --name NAME"
    )
