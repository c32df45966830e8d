"""`backroom doctor`: say in plain words what is wrong here, and what to do about it."""

from __future__ import annotations

import json
from typing import Any

import click

from backroom.cli import EXIT_ROWS_FAILED
from backroom.cli.doctor_checks import CHECKS_AROUND, PUBLIC, Advice
from backroom.cli.doctor_database import CHECKS_OF_DATABASE
from backroom.cli.options import environment, settings_from, with_format, with_settings
from backroom.cli.printable import printable

ALL_CHECKS = (*CHECKS_AROUND, *CHECKS_OF_DATABASE)


@click.command("doctor")
@with_settings()
@click.option("--public", is_flag=True, help="Also ask whether the public URL answers.")
@with_format()
def doctor_command(output: str, *, public: bool, **flags: Any) -> None:
    """Check settings, program, port and database, and say what is wrong and what to do.

    The command takes the settings of `backroom serve`. It changes nothing, and asks only the
    servers that the settings name. The exit code is 3 if something is wrong, and 0 if there are
    warnings at most.
    """
    checks = (*ALL_CHECKS, PUBLIC) if public else ALL_CHECKS
    try:
        settings = settings_from(flags)
    except click.UsageError as error:
        # With settings that contradict each other no server starts, so nothing else is looked at.
        found = [("settings", Advice("wrong", error.message, "Correct it. Then look again."))]
    else:
        variables = environment()
        found = [(each.name, said) for each in checks for said in each.look(settings, variables)]
    if output == "json":
        click.echo(json.dumps([{"check": name, **said._asdict()} for name, said in found]))
    else:
        for name, said in found:
            click.echo(printable(f"{said.level:8} {name:13} {said.words}"))
            if said.todo:
                click.echo(printable(f"{'':8} {'':13} → {said.todo}"))
    if any(said.level == "wrong" for _, said in found):
        raise SystemExit(EXIT_ROWS_FAILED)
