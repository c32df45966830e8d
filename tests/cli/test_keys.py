from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.store import keys, open_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from backroom.server import Server

    Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `backroom keys` on one database."""
    database = str(tmp_path / "shop.db")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["keys", *arguments], env={"BACKROOM_DATABASE": database})

    return invoke


def created(run: Run, *arguments: str) -> Any:
    result = run("create", "--name", "ci", "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def listed(run: Run) -> list[Any]:
    rows: list[Any] = json.loads(run("list", "--format", "json").stdout)
    return rows


def test_made_key_stands_alone(run: Run) -> None:
    result = run("create", "--name", "ci")
    assert re.fullmatch(r"pk_\w{6}_[0-9a-f]{32}\n", result.stdout)
    assert result.stderr == "opens the account 'default', full access; it is not shown again\n"


def test_made_key_opens_its_account(run: Run, tmp_path: Path) -> None:
    made = created(run, "--account", "shop", "--scopes", "catalogs:read, lists:write")
    assert (made["account_name"], made["name"]) == ("shop", "ci")
    assert made["scopes"] == ["catalogs:read", "lists:write"]
    database = open_database(str(tmp_path / "shop.db"))
    with database.read() as tx:
        access = keys.access_of(tx, made["key"])
    database.close()
    assert access == (made["account"], made["id"], frozenset({"catalogs:read", "lists:write"}))


def test_list_says_when_a_key_was_used(run: Run, tmp_path: Path) -> None:
    made = created(run)
    assert run("list").stdout.rstrip().endswith("never used")
    database = open_database(str(tmp_path / "shop.db"))
    note = partial(
        keys.note_uses,
        uses=[(made["account"], made["id"])],
        moment="2026-01-02T03:04:05.000000+00:00",
        noted_before="2026-01-02T03:03:05.000000+00:00",
    )
    database.write(note).result()
    database.close()
    assert run("list").stdout.rstrip().endswith("used 2026-01-02T03:04")
    assert listed(run)[0]["last_used_at"].startswith("2026-01-02T03:04:05")


def test_full_access_has_null_scopes(run: Run) -> None:
    assert created(run)["scopes"] is None


@pytest.mark.parametrize(
    "scopes", ["catalogs", "catalogs:delete", "Catalogs:read", "a:read b:read"]
)
def test_wrong_scopes_are_refused(run: Run, scopes: str) -> None:
    result = run("create", "--name", "ci", "--scopes", scopes)
    assert result.exit_code == 2
    assert "is not a scope. Scopes look like catalogs:read." in result.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--name", " "], ["--name", "ci", "--account", ""]], ids=str
)
def test_names_are_needed(run: Run, arguments: list[str]) -> None:
    assert run("create", *arguments).exit_code == 2


def test_new_database_has_no_keys(run: Run, tmp_path: Path) -> None:
    open_database(str(tmp_path / "shop.db")).close()
    assert run("list").output == ""
    assert listed(run) == []


def test_list_hides_the_secrets(run: Run) -> None:
    made = created(run, "--scopes", "catalogs:read")
    (row,) = listed(run)
    assert row["id"] == made["id"]
    assert made.keys() - row.keys() == {"key"}
    assert row["hint"] == made["key"][-4:]
    assert row["scopes"] == ["catalogs:read"]
    line = run("list").output
    assert line == f"{made['id']}  pk_…{row['hint']}  default  ci  catalogs:read  never used\n"


def test_revoked_key_is_marked(run: Run, tmp_path: Path) -> None:
    made = created(run)
    assert run("revoke", made["id"]).output == f"revoked {made['id']}\n"
    assert listed(run)[0]["revoked_at"]
    assert "  ci  revoked 2" in run("list").output
    database = open_database(str(tmp_path / "shop.db"))
    with database.read() as tx:
        assert keys.access_of(tx, made["key"]) is None
    database.close()


def test_unknown_key_is_not_revoked(run: Run) -> None:
    created(run)
    result = run("revoke", "nothing")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no key with the id nothing.\n"


@pytest.mark.parametrize("command", [["list"], ["revoke", "x"]], ids=str)
def test_missing_database_is_not_made(run: Run, tmp_path: Path, command: list[str]) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert f"There is no database at {tmp_path / 'shop.db'}. `backroom migrate`" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_full_access_is_listed_alike(run: Run) -> None:
    created(run)
    assert [row["scopes"] for row in listed(run)] == [None]


def test_running_server_makes_keys(live_server: Server) -> None:
    named = ["--url", live_server.url, "--control-token", live_server.control_token]

    def on_server(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["keys", *arguments, *named])

    made = json.loads(on_server("create", "--name", "ci", "--format", "json").stdout)
    assert re.fullmatch(r"pk_\w{6}_[0-9a-f]{32}", made["key"])
    assert f"{made['id']}  pk_…" in on_server("list").stdout
    assert on_server("revoke", made["id"]).stdout == f"revoked {made['id']}\n"
    assert on_server("revoke", "none").exit_code == 1


def test_server_and_database_exclude_each_other(run: Run) -> None:
    assert run("list", "--url", "http://127.0.0.1:1", "--database", "x.db").exit_code == 2
