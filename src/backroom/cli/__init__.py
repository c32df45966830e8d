"""The command `backroom`: its subcommands and its exit codes.

The module of a subcommand is imported only when the subcommand runs, so that each starts quickly.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from backroom import __version__
from backroom.cli.groups import SuggestingGroup

EXIT_ERROR = 1
EXIT_ROWS_FAILED = 3
EXIT_UNREACHABLE = 4
EXIT_INTERRUPTED = 130

_COMMANDS = {
    "serve": ("backroom.cli.serve", "serve_command", "Run the server."),
    "work": ("backroom.cli.work", "work_command", "Apply the jobs of servers on PostgreSQL."),
    "status": ("backroom.cli.status", "status_command", "Say whether a server is ready."),
    "migrate": (
        "backroom.cli.database",
        "migrate_command",
        "Make the database, or update its schema.",
    ),
    "database": ("backroom.cli.database", "database_group", "Move a database to another engine."),
    "backup": ("backroom.cli.backup", "backup_command", "Copy a database while it is in use."),
    "restore": (
        "backroom.cli.backup",
        "restore_backup_command",
        "Restore a backup.",
    ),
    "verify": ("backroom.cli.backup", "verify_command", "Check that a database is sound."),
    "doctor": ("backroom.cli.doctor", "doctor_command", "Say what is wrong here."),
    "keys": ("backroom.cli.keys", "keys_group", "Make, list and revoke keys."),
    "import": ("backroom.cli.imports", "import_command", "Load a feed through bulk jobs."),
    "push": ("backroom.cli.push", "push_command", "Send a catalog to another server."),
    "export": ("backroom.cli.export", "export_command", "Write the catalog in any format."),
    "accounts": (
        "backroom.cli.control",
        "accounts_group",
        "Make and list accounts of a running server.",
    ),
    "reset": ("backroom.cli.control", "reset_command", "Empty an account of a running server."),
    "seed": (
        "backroom.cli.control",
        "seed_command",
        "Put the demo shop or a feed into a running server.",
    ),
    "snapshot": (
        "backroom.cli.control",
        "snapshot_group",
        "Save and restore accounts of a running server.",
    ),
    "imports": (
        "backroom.cli.control",
        "imports_command",
        "List the imports of a running server.",
    ),
    "clock": ("backroom.cli.clock", "clock_group", "Show and set the time of a running server."),
    "pace": ("backroom.cli.clock", "pace_group", "Add wishes for jobs of a running server."),
    "faults": (
        "backroom.cli.requests",
        "faults_group",
        "Inject faults into requests of a running server.",
    ),
    "requests": (
        "backroom.cli.requests",
        "requests_group",
        "Show the requests to a running server.",
    ),
    "resources": (
        "backroom.cli.control",
        "resources_command",
        "List the catalog of a running server.",
    ),
    "jobs": ("backroom.cli.jobs", "jobs_group", "List, show, retry and cancel jobs."),
    "subscriptions": (
        "backroom.cli.neighbours",
        "subscriptions_command",
        "List the subscriptions to variants of a running server.",
    ),
    "accepted": (
        "backroom.cli.neighbours",
        "accepted_command",
        "List what a running server has accepted beside the catalog.",
    ),
    "shop": (
        "backroom.cli.neighbours",
        "shop_command",
        "Show or change the shop of an account of a running server.",
    ),
    "lists": (
        "backroom.cli.neighbours",
        "lists_group",
        "Make lists of profiles on a running server.",
    ),
    "webhooks": (
        "backroom.cli.webhooks",
        "webhooks_group",
        "Send events about the jobs of a running server to a URL.",
    ),
    "info": (
        "backroom.cli.control",
        "info_command",
        "Show the version and the parts of a running server.",
    ),
    "config": ("backroom.cli.control", "config_command", "Show the settings of a running server."),
    "revisions": (
        "backroom.cli.revisions",
        "revisions_command",
        "List the revisions and what each changed.",
    ),
}


_OF_THE_EXTRA = frozenset({"limits", "procrastinate", "psycopg", "psycopg_pool", "redis"})


class _Verbs(SuggestingGroup):
    """A group that imports each command only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
                raise
            raise click.ClickException(
                "PostgreSQL and shared limits need more packages: pip install 'backroom[postgres]'"
            ) from None
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(EXIT_INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(verb, words) for verb, (_, _, words) in _COMMANDS.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="backroom")
def main() -> None:
    """Serve Klaviyo's Catalogs API, every dated revision, from a database of your own."""
