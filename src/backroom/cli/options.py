"""Settings as command-line options, made from the table of settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from backroom.environment import load
from backroom.settings import (
    DEFAULT_PORT,
    SECRETS,
    SETTINGS,
    InvalidSetting,
    Settings,
    variable,
)
from backroom.settings import flag as flag_of
from backroom.signals.telemetry import telemetry_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backroom.signals.telemetry import Telemetry

    Command = Callable[..., Any]

DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
_MANY_TEXTS = "tuple[str, ...]"
_TYPES_BY_NAME: dict[Any, Any] = {"int": int, "float": float, "str": str, _MANY_TEXTS: str}


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command the options of the named settings, or of all settings."""

    def decorate(command: Command) -> Command:
        for each in reversed(SETTINGS):
            if names and each.name not in names:
                continue
            flag = flag_of(each.name)
            default = "" if each.default in ("", False, ()) else f"  [default: {each.default}]"
            words = f"{each.metadata['help']}  [{variable(each.name)}]{default}"
            if each.type == "bool":
                option = click.option(f"{flag}/--no-{flag[2:]}", default=None, help=words)
            else:
                option = click.option(
                    flag,
                    type=_TYPES_BY_NAME[each.type],
                    default=None,
                    multiple=each.type == _MANY_TEXTS,
                    metavar=each.metadata["metavar"],
                    help=words,
                )
            if each.name in SECRETS:
                words = f"A file that has the value of {flag}.  [{variable(each.name)}_FILE]"
                command = click.option(f"{flag}-file", metavar="PATH", help=words)(command)
            command = option(command)
        return command

    return decorate


def with_format(
    words: str = "How to print.", *, show_default: bool = False
) -> Callable[[Command], Command]:
    """Give a command the option `--format`, as its parameter `output`: text or json."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=show_default,
        help=words,
    )


def settings_from(flags: dict[str, Any]) -> Settings:
    """Make settings from a command's flags and the environment.

    Raises `click.UsageError` for a wrong value.
    """
    try:
        return load(flags, os.environ)
    except InvalidSetting as error:
        raise click.UsageError(str(error)) from None


def telemetry_from_variables(engine: str) -> Telemetry | None:
    """Start OpenTelemetry as its own variables say, None where they don't. Ends with the command.

    Raises `click.UsageError` for a wrong value.
    """
    try:
        telemetry = telemetry_of(os.environ, engine)
    except InvalidSetting as error:
        raise click.UsageError(str(error)) from None
    if telemetry is not None:
        click.get_current_context().call_on_close(telemetry.end)
    return telemetry


def environment() -> Mapping[str, str]:
    """Give the variables that the settings are read from."""
    return os.environ


def own_url(settings: Settings) -> str:
    """Give the URL at which this machine reaches a server with these settings.

    Raises `click.UsageError` if the settings don't say it.
    """
    if not settings.port:
        raise click.UsageError("Port 0 is any free port, so it names no server. Give its --url.")
    # A server that listens on all addresses also listens on this one.
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def checked_url(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    """Refuse a URL of a server that can't be one."""
    if url is None or _is_url(url):
        return url
    raise click.BadParameter(f"{url!r} is not a URL. Write it as {DEFAULT_URL}")


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    printable = url.isprintable() and " " not in url
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
