from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from backroom.server import Server


@pytest.fixture
def run(live_server: Server) -> Callable[..., Result]:
    """Runs a command against the server."""
    named = {"BACKROOM_URL": live_server.url, "BACKROOM_CONTROL_TOKEN": live_server.control_token}

    def ran(*arguments: str, **variables: str) -> Result:
        return CliRunner(env=named | variables).invoke(main, arguments)

    return ran


@pytest.fixture
def account(run: Callable[..., Result]) -> str:
    return str(json.loads(run("accounts", "create").stdout)["account"])


def shown(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_new_account_is_listed(run: Callable[..., Result], account: str) -> None:
    assert account in {each["account"] for each in shown(run("accounts", "list"))}


def test_snapshot_is_saved_and_restored(run: Callable[..., Result], account: str) -> None:
    whose = ("--account", account)
    assert shown(run("seed", *whose))[0]["items"] > 10
    shown(run("snapshot", "save", "full", *whose))
    shown(run("reset", *whose))
    assert shown(run("snapshot", "restore", "full", *whose))[0]["name"] == "full"
    assert [each["name"] for each in shown(run("snapshot", "list", *whose))] == ["full"]
    assert shown(run("snapshot", "delete", "full", *whose)) == []


def test_imports_are_listed(run: Callable[..., Result], tmp_path: Path) -> None:
    (made,) = shown(run("accounts", "create"))
    feed = tmp_path / "teas.csv"
    feed.write_text("type,external_id,name\ncategory,tea,Tea\n")
    assert run("import", str(feed), "--key", made["key"]).exit_code == 0
    (listed,) = shown(run("imports", "--account", made["account"]))
    assert (listed["name"], listed["failed"]) == ("teas.csv", 0)


def test_feed_is_seeded(run: Callable[..., Result], account: str, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("type,external_id,name\ncategory,tea,Tea\n")
    assert shown(run("seed", str(feed), "--account", account))[0]["categories"] == 1


@pytest.mark.slow
def test_listed_resources_are_a_feed(
    run: Callable[..., Result], account: str, tmp_path: Path
) -> None:
    whose = ("--account", account)
    shown(run("seed", *whose))
    listed = run("resources", *whose)
    assert len(shown(run("resources", "--type", "category", *whose))) == 25
    feed = tmp_path / "feed.jsonl"
    feed.write_text(listed.stdout)
    shown(run("reset", *whose))
    shown(run("seed", str(feed), *whose))
    assert len(shown(run("resources", *whose))) == len(shown(listed))


def test_server_is_described(run: Callable[..., Result], account: str) -> None:
    assert shown(run("info"))[0]["database"] in {"sqlite", "postgres"}
    assert shown(run("config"))[0]["control_token"] in {"", "***"}
    assert shown(run("jobs", "list", "--account", account)) == []


def test_refusal_says_what_to_do(run: Callable[..., Result]) -> None:
    result = run("snapshot", "restore", "none", "--account", "nobody")
    assert result.exit_code == 1
    assert "Make it: POST /_backroom/accounts" in result.stderr


def test_missing_token_is_wrong_usage(run: Callable[..., Result]) -> None:
    result = run("info", BACKROOM_CONTROL_TOKEN="")
    assert (result.exit_code, "--control-token" in result.stderr) == (2, True)


def test_no_server_is_exit_code_4(run: Callable[..., Result]) -> None:
    assert run("info", "--url", "http://127.0.0.1:1").exit_code == 4
