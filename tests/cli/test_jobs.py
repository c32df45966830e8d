from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.catalog.kinds import JOB_KINDS
from backroom.cli import main
from support.factories import a_body, a_resource
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from backroom.server import Server
    from conftest import MakeClient

CREATES = "catalog-item-bulk-create-job"


@pytest.fixture
def run(live_server: Server) -> Callable[..., Result]:
    """Runs a command of `backroom jobs` against the server."""
    named = {"BACKROOM_URL": live_server.url, "BACKROOM_CONTROL_TOKEN": live_server.control_token}

    def ran(*arguments: str) -> Result:
        return CliRunner(env=named).invoke(main, ["jobs", *arguments])

    return ran


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_job_is_shown_and_retried(
    run: Callable[..., Result], make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client()
    body = a_body(JOB_KINDS[CREATES], *[a_resource("item", "a")] * 2)
    job_id = client.post(f"/api/{CREATES}s", body).json["data"]["id"]
    whose = ("--account", client.account)
    until(lambda: shown(run("show", job_id, *whose))["failed_count"] == 1, "one has failed")
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps([a_resource("item", "b")]))
    again = shown(run("retry", job_id, "--operations", str(corrected), *whose))["job_id"]
    until(lambda: shown(run("show", again, *whose))["completed_count"] == 1, "it is complete")
    listed = run("list", "--status", "complete", *whose).stdout.splitlines()
    assert [json.loads(line)["job_id"] for line in listed] == [again, job_id]


def test_complete_job_is_not_cancelled(run: Callable[..., Result], make_client: MakeClient) -> None:
    client = make_client()
    body = a_body(JOB_KINDS[CREATES], a_resource("item", "a"))
    job_id = client.post(f"/api/{CREATES}s", body).json["data"]["id"]
    whose = ("--account", client.account)
    until(lambda: shown(run("show", job_id, *whose))["status"] == "complete", "it is complete")
    refused = run("cancel", job_id, *whose)
    assert (refused.exit_code, "only one that waits" in refused.stderr) == (1, True)


def test_broken_correction_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    refused = run("retry", "01", "--operations", str(broken))
    assert (refused.exit_code, "no JSON list" in refused.stderr) == (1, True)
