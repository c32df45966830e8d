from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from backroom.cli.options import settings_from, with_settings
from backroom.settings import SETTINGS, Settings, variable


@click.command()
@with_settings()
def show(**flags: Any) -> None:
    """Show the settings."""
    click.echo(repr(settings_from(flags)))


@click.command()
@with_settings("database", "port")
def show_some(**flags: Any) -> None:
    """Show some."""
    click.echo(" ".join(sorted(flags)))


def shown(*arguments: str, **environment: str) -> str:
    result = CliRunner().invoke(show, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_no_flags_mean_defaults() -> None:
    assert shown() == repr(Settings())


@pytest.mark.parametrize(
    ("flag", "settings"),
    [
        ("--port=0", Settings(port=0)),
        ("--ephemeral", Settings(ephemeral=True)),
        ("--no-ephemeral", Settings()),
        ("--job-delay=1.5", Settings(job_delay=1.5)),
        ("--limits=off", Settings(limits="off")),
        ("--public-url=https://x.test", Settings(public_url="https://x.test")),
    ],
)
def test_flags_set_their_setting(flag: str, settings: Settings) -> None:
    assert shown(flag) == repr(settings)


def test_variables_set_their_setting() -> None:
    assert shown(BACKROOM_PORT="0", BACKROOM_EPHEMERAL="yes") == repr(
        Settings(port=0, ephemeral=True)
    )


def test_flags_win_over_variables() -> None:
    assert shown("--port=1", BACKROOM_PORT="2") == repr(Settings(port=1))
    assert shown("--no-ephemeral", BACKROOM_EPHEMERAL="yes") == repr(Settings())


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--port=x"], {}),
        (["--port=99999"], {}),
        (["--limits=fast"], {}),
        (["--job-delay=-1"], {}),
        (["--job-delay=nan"], {}),
        (["--log-level=loud"], {}),
        (["--default-revision=yesterday"], {}),
        ([], {"BACKROOM_PORT": "x"}),
        ([], {"BACKROOM_EPHEMERAL": "maybe"}),
    ],
    ids=str,
)
def test_wrong_settings_are_wrong_usage(arguments: list[str], environment: dict[str, str]) -> None:
    result = CliRunner().invoke(show, arguments, env=environment)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_help_names_every_setting() -> None:
    text = " ".join(CliRunner().invoke(show, ["--help"], terminal_width=200).output.split())
    for each in SETTINGS:
        assert f"--{each.name.replace('_', '-')}" in text
        assert f"{each.metadata['help']} [{variable(each.name)}]" in text


def test_help_tells_the_defaults() -> None:
    text = CliRunner().invoke(show, ["--help"], terminal_width=200).output
    assert "[default: 7227]" in text
    assert "[default: backroom.db]" in text
    assert "[default: ]" not in text


def test_commands_may_take_some() -> None:
    assert CliRunner().invoke(show_some, []).output == "database port\n"
    assert CliRunner().invoke(show_some, ["--host", "x"]).exit_code == 2
