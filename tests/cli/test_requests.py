from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from backroom.cli import EXIT_ERROR
from cli.conftest import invoked
from support.process import until

if TYPE_CHECKING:
    from backroom.server import Server
    from cli.conftest import Steer
    from support.client import Client


def test_fault_is_injected_until_removed(steer: Steer, sender: Client) -> None:
    added = steer("faults", "add", "status=503", '{"times": 0}', "path=/api/catalog-*")[0]
    assert sender.get("/api/catalog-items").status == 503
    assert steer("faults", "show", str(added["number"]))[0]["used"] == 1
    assert (len(steer("faults", "list")), steer("faults", "list", "--unused")) == (1, [])
    steer("faults", "remove", str(added["number"]))
    steer("faults", "remove")
    assert sender.get("/api/catalog-items").status == 200


def test_requests_are_found(steer: Steer, sender: Client) -> None:
    account = sender.get("/api/catalog-items").headers["CID"]
    sender.post("/api/catalog-items", {"data": {"type": "odd"}})
    own = ("--account", account)
    found = steer("requests", "list", *own, "--status", "4xx", "--body", "$.data.type=odd")
    assert [each["operation"] for each in found] == ["create_catalog_item"]
    assert steer("requests", "show", str(found[0]["number"])) == found
    assert steer("requests", "count", *own) == [2]
    assert len(steer("requests", "wait", *own, "--count", "2")) == 2
    steer("requests", "clear")
    assert steer("requests", "list", *own, "--limit", "5") == []


def test_vain_wait_is_an_error(steered: Server) -> None:
    result = invoked(steered, "requests", "wait", "--account", "none", "--timeout", "0.05")
    assert result.exit_code == EXIT_ERROR
    assert "0 of 1 requests came in 0.05 s" in result.stderr


def test_requests_are_followed(steered: Server, sender: Client) -> None:
    named = ("--url", steered.url, "--control-token", steered.control_token)
    command = (sys.executable, "-m", "backroom", "requests", "follow", *named)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        journal = steered.journal
        assert journal is not None
        until(lambda: journal.followers == 1, "a follower")
        sender.get("/api/catalog-variants")
        assert process.stdout is not None
        line: Any = json.loads(process.stdout.readline())
        process.terminate()
    assert line["operation"] == "get_catalog_variants"
