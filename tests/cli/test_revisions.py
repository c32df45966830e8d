from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from backroom.cli import main
from backroom.revisions import LADDER


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["revisions", *arguments])
    assert result.exit_code == 0
    return result.output


def printed_as_json() -> list[Any]:
    rows: list[Any] = json.loads(printed("--format", "json"))
    return rows


def test_newest_revision_comes_first() -> None:
    assert [each["revision"] for each in printed_as_json()] == list(reversed(LADDER))


def test_changes_begin_with_the_ladder() -> None:
    for each in printed_as_json():
        described = [change.description for change in LADDER[each["revision"]]]
        assert each["changes"][: len(described)] == described


def test_tables_are_told_too() -> None:
    changes = {each["revision"]: each["changes"] for each in printed_as_json()}
    assert "A create of a variant needs its `item`." in changes["2025-01-15"]
    new = "`GET /api/catalog-items/{id}/relationships/variants` is new."
    assert new in changes["2024-10-15"]
    assert "A create of a variant no longer needs its `item`." in changes["2024-05-15"]


def test_text_indents_the_changes() -> None:
    lines = printed().splitlines()
    assert [line for line in lines if not line.startswith(" ") and line] == list(reversed(LADDER))
    assert "  A job has its id in `id` instead of in `attributes.job_id`." in lines


def test_diff_shows_examples_of_both() -> None:
    arguments = ["revisions", "diff", "2023-02-22", "2023-07-15", "bulk_create_catalog_items"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert "body, 2023-02-22:" in result.stdout
    assert "body, 2023-07-15:" in result.stdout


def test_diff_of_no_revision_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["revisions", "diff", "yesterday", "2023-07-15"])
    assert (result.exit_code, "is not a revision" in result.stderr) == (2, True)
