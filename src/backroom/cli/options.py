"""Settings as command-line options, made from the table of settings."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from backroom.settings import InvalidSetting, Settings, load, variable

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]

_TYPES: dict[Any, Any] = {"int": int, "float": float, "str": str}


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command the options of the named settings, or of all settings."""

    def decorate(command: Command) -> Command:
        for each in reversed(fields(Settings)):
            if names and each.name not in names:
                continue
            flag = f"--{each.name.replace('_', '-')}"
            default = "" if each.default in ("", False) else f"  [default: {each.default}]"
            words = f"{each.metadata['help']}  [{variable(each.name)}]{default}"
            if each.type == "bool":
                option = click.option(f"{flag}/--no-{flag[2:]}", default=None, help=words)
            else:
                option = click.option(
                    flag,
                    type=_TYPES[each.type],
                    default=None,
                    metavar=each.metadata["metavar"],
                    help=words,
                )
            command = option(command)
        return command

    return decorate


def settings_from(flags: dict[str, Any]) -> Settings:
    """Make settings from a command's flags and the environment.

    Raises `click.UsageError` for a wrong value.
    """
    try:
        return load(flags, os.environ)
    except InvalidSetting as error:
        raise click.UsageError(str(error)) from None
