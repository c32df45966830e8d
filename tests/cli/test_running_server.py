from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.cli.running_server import RunningServer, member_pairs
from backroom.control.table import ROUTES

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.server import Server

COMMANDS = {
    "GET /control.json": "info --document",
    "GET /info": "info",
    "GET /config": "config",
    "POST /accounts": "accounts create",
    "GET /accounts": "accounts list",
    "POST /keys": "keys create",
    "GET /keys": "keys list",
    "DELETE /keys/{key_id}": "keys revoke",
    "POST /reset": "reset",
    "POST /seed": "seed",
    "POST /snapshots": "snapshot save",
    "GET /snapshots": "snapshot list",
    "POST /snapshots/{name}/restore": "snapshot restore",
    "DELETE /snapshots/{name}": "snapshot delete",
    "POST /imports": "import",
    "GET /imports": "imports",
    "GET /jobs": "jobs list",
    "GET /jobs/{job_id}": "jobs show",
    "POST /jobs/{job_id}/retry": "jobs retry",
    "POST /jobs/{job_id}/cancel": "jobs cancel",
    "GET /resources": "resources",
    "GET /subscriptions": "subscriptions",
    "GET /accepted": "accepted",
    "GET /shop": "shop",
    "PATCH /shop": "shop",
    "POST /lists": "lists create",
    "POST /webhooks": "webhooks create",
    "GET /webhooks": "webhooks list",
    "DELETE /webhooks/{id}": "webhooks delete",
    "GET /webhooks/{id}/deliveries": "webhooks deliveries",
    "POST /webhooks/{id}/test": "webhooks test",
    "POST /webhooks/{id}/deliveries/{delivery}/send": "webhooks send-again",
    "GET /clock": "clock show",
    "PUT /clock": "clock run",
    "POST /clock/set": "clock set",
    "POST /clock/advance": "clock advance",
    "GET /pace": "pace list",
    "POST /pace": "pace add",
    "DELETE /pace": "pace forget",
    "DELETE /pace/{wish}": "pace forget",
    "POST /pace/release": "pace release",
    "GET /faults": "faults list",
    "POST /faults": "faults add",
    "DELETE /faults": "faults remove",
    "GET /faults/{number}": "faults show",
    "DELETE /faults/{number}": "faults remove",
    "GET /requests": "requests list",
    "POST /requests/find": "requests list",
    "GET /requests/count": "requests count",
    "POST /requests/count": "requests count",
    "GET /requests/live": "requests follow",
    "POST /requests/wait": "requests wait",
    "GET /requests/{number}": "requests show",
    "DELETE /requests": "requests clear",
    "GET /revisions": "revisions",
    "GET /revisions/diff": "revisions diff",
}


def test_every_route_is_a_command() -> None:
    assert {f"{each.method} {each.path}" for each in ROUTES} == COMMANDS.keys()
    for words in set(COMMANDS.values()):
        assert CliRunner().invoke(main, [*words.split(), "--help"]).exit_code == 0, words


def test_token_comes_from_a_file(live_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{live_server.control_token}\n")
    named = ("--url", live_server.url, "--control-token-file", str(file))
    assert CliRunner().invoke(main, ["info", *named]).exit_code == 0


def test_server_is_named_with_or_without_prefix(live_server: Server) -> None:
    named = RunningServer(f"{live_server.url}/_backroom/", live_server.control_token)
    assert named.ask("GET", "/info") == named.waiting(1).ask("GET", "/info")


def pairs(*texts: str) -> object:
    return member_pairs(click.Context(main), click.Argument(["wish"]), texts)


def test_values_are_json_or_texts() -> None:
    assert pairs("fail=[1]", "error=odd", '{"times": 2}') == {
        "fail": [1],
        "error": "odd",
        "times": 2,
    }


@pytest.mark.parametrize("text", ["odd", "=1", "{odd"])
def test_other_pairs_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="JSON object"):
        pairs(text)
