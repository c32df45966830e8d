from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from backroom.cli import main
from backroom.revisions import LADDER


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["revisions", *arguments])
    assert result.exit_code == 0
    return result.output


def told_as_json() -> list[Any]:
    rows: list[Any] = json.loads(told("--format", "json"))
    return rows


def test_newest_revision_comes_first() -> None:
    assert [each["revision"] for each in told_as_json()] == list(reversed(LADDER))


def test_changes_are_their_docstrings() -> None:
    changes = {each["revision"]: each["changes"] for each in told_as_json()}
    assert changes == {
        date: [change.description for change in lines] for date, lines in LADDER.items()
    }


def test_text_indents_the_changes() -> None:
    lines = told().splitlines()
    assert [line for line in lines if not line.startswith(" ") and line] == list(reversed(LADDER))
    assert "  A job has its id in `id` instead of in `attributes.job_id`." in lines
