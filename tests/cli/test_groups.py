from __future__ import annotations

import pytest
from click.testing import CliRunner

from backroom.cli import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["srve"], "No such command 'srve'. Did you mean 'serve'?"),
        (["Status"], "No such command 'Status'. Did you mean 'status'?"),
        (["keys", "creat"], "No such command 'creat'. Did you mean 'create'?"),
        (["database", "mv"], "No such command 'mv'. Did you mean 'move'?"),
        (["xyz"], "No such command 'xyz'.\n"),
    ],
    ids=str,
)
def test_misspelt_commands_are_guessed(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_bash_completes_commands() -> None:
    environment = {
        "_BACKROOM_COMPLETE": "bash_complete",
        "COMP_WORDS": "backroom rev",
        "COMP_CWORD": "1",
    }
    result = CliRunner().invoke(main, [], env=environment, prog_name="backroom")
    assert result.stdout == "plain,revisions\n"
