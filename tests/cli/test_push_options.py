from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from backroom.cli.push_options import key_in, with_push_options

if TYPE_CHECKING:
    from pathlib import Path

TO = ["--to", "http://127.0.0.1:1"]


@click.command
@with_push_options
def shows(from_key_file: Path | None, to_key_file: Path | None, **options: Any) -> None:
    """Print both keys."""
    keys = (
        key_in("from", options["from_key"], from_key_file),
        key_in("to", options["to_key"], to_key_file),
    )
    click.echo(" ".join(map(str, keys)))


def shown(*arguments: str, **variables: str) -> str:
    result = CliRunner(env=variables).invoke(shows, [*TO, *arguments])
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_keys_come_from_variables() -> None:
    assert shown(BACKROOM_FROM_KEY="a", BACKROOM_TO_KEY="b") == "a b"
    assert shown(BACKROOM_KEY="a", BACKROOM_TO_KEY="b") == "a b"
    assert shown(BACKROOM_KEY="a", BACKROOM_FROM_KEY="c") == "c None"


def test_file_goes_before_variables(tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("pk_file\n")
    assert shown(BACKROOM_TO_KEY="b", BACKROOM_TO_KEY_FILE=str(place)) == "None pk_file"
    assert shown("--to-key", "flag", BACKROOM_TO_KEY_FILE=str(place)) == "None flag"


@pytest.mark.parametrize("content", [b"", b"pk one two", "ключ".encode()])
def test_file_without_key_is_refused(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "key"
    place.write_bytes(content)
    result = CliRunner().invoke(shows, [*TO, "--to-key-file", str(place)])
    assert result.exit_code == 2
    assert "one two" not in result.output
