"""`backroom backup`, `restore` and `verify`: copies of a database, and whether one is sound."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backroom.cli import EXIT_ROWS_FAILED
from backroom.cli.failures import reported
from backroom.cli.options import settings_from, with_format, with_settings
from backroom.cli.printable import printable
from backroom.cli.running_progress import RunningProgress
from backroom.store.backup import back_up
from backroom.store.backup_file import BadBackup
from backroom.store.move import Differs, NotEmpty
from backroom.store.restore import InUse, RestoreTarget, restore_backup
from backroom.store.verify import verify_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.verify import Verified


@contextmanager
def _progress() -> Iterator[RunningProgress]:
    shown = RunningProgress(sys.stderr)
    try:
        yield shown
    finally:
        shown.end()


@click.command("backup")
@click.argument("out", type=click.Path(path_type=Path))
@with_settings("database")
@with_format()
def backup_command(out: Path, output: str, **flags: Any) -> None:
    """Copy the database into the new file OUT, while servers go on.

    The copy has everything that the database holds, as it was at one moment: catalogs, jobs, also
    those in progress, snapshots, accounts and the hashes of keys. Keep it as safe as the database.
    """
    url = settings_from(flags).database
    with reported(), _progress() as progress:
        try:
            made = back_up(url, out, progress)
        except Differs as error:
            raise click.ClickException(str(error)) from None
    if output == "json":
        click.echo(json.dumps({"file": str(out), **made._asdict()}))
        return
    click.echo(f"{out}: {made.size} bytes, schema {made.schema}, as of {made.made_at}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings("database")
@click.option("--replace", is_flag=True, help="Replace all rows of the database.")
@with_format()
def restore_backup_command(file: Path, output: str, *, replace: bool, **flags: Any) -> None:
    """Restore the database from the backup FILE.

    FILE is checked first, as `backroom verify` does, and brought to this version's schema. It may
    be of the other engine. Stop all servers and workers before. The database is replaced in one
    step, or stays as it is. The exit code is 3 if FILE is damaged.
    """
    target = RestoreTarget(settings_from(flags).database, replace)
    with reported(), _progress() as progress:
        try:
            restored = restore_backup(file, target, progress)
        except BadBackup as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            raise SystemExit(EXIT_ROWS_FAILED) from None
        except (NotEmpty, InUse, Differs) as error:
            raise click.ClickException(str(error)) from None
    note = restored.note
    if output == "json":
        document = restored._asdict() | {"note": note._asdict() if note else None}
        click.echo(json.dumps(document))
        return
    if note is None:
        click.echo("The file has no seal of `backroom backup`: not every change would show.")
    for name in restored.migrated:
        click.echo(f"applied {name}")
    since = f", as of {note.made_at}" if note else ""
    click.echo(f"Restored {sum(restored.rows.values())} rows{since}.")


@click.command("verify")
@with_settings("database")
@with_format()
def verify_command(output: str, **flags: Any) -> None:
    """Check the database: its file, its schema, and what must hold between its rows.

    The command changes nothing, and a server may go on meanwhile. It also checks a backup.
    The exit code is 0 if all is well, 3 if something was found.
    """
    url = settings_from(flags).database
    with reported(), _progress() as progress:
        checked = verify_at(url, progress)
    if output == "json":
        findings = [each._asdict() for each in checked.findings]
        click.echo(json.dumps({"rows": checked.rows, "findings": findings}))
    else:
        _print_findings(checked)
    if checked.findings:
        raise SystemExit(EXIT_ROWS_FAILED)


def _print_findings(checked: Verified) -> None:
    for each in checked.findings:
        click.echo(printable(f"{each.law}: {each}"))
        click.echo(f"  {each.advice}")
    rows = sum(checked.rows.values())
    if checked.findings:
        click.echo(f"{len(checked.findings)} of {checked.checks} checks have found something.")
    else:
        click.echo(f"All {checked.checks} checks are well, in {rows} rows.")
