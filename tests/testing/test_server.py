"""A server for tests, in this process and in one of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import unittest
from typing import TYPE_CHECKING

import pytest
import urllib3

from backroom.settings import InvalidSetting
from backroom.testing import ControlError, Server
from testing.held import ITEMS, send

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "from backroom.testing import Server; print(Server().start().url)"


def test_accounts_share_nothing(held: Server) -> None:
    one, other = held.account(), held.account()
    one.seed()
    assert send(other, "GET", ITEMS).json["data"] == []
    assert one.key != other.key


def test_token_opens_control_over_http(held: Server) -> None:
    headers = {"Authorization": f"Bearer {held.control_token}"}
    answer = urllib3.request("GET", f"{held.url}/_backroom/info", headers=headers)
    assert answer.json() == held.call("GET", "/info")


def test_named_account_is_made_once(held: Server) -> None:
    made = held.account("shop-of-one-test")
    with pytest.raises(ControlError, match="There is an account 'shop-of-one-test' already"):
        held.account("shop-of-one-test")
    assert send(made, "GET", ITEMS).status == 200


@pytest.mark.parametrize("process", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_settings_hold_for_the_server(process: bool) -> None:  # noqa: FBT001 - a parameter
    with Server(process=process, default_revision="2023-02-22", limits="0.02") as server:
        account = server.account()
        assert account.revision == "2023-02-22"
        assert "RateLimit-Limit" in send(account, "GET", ITEMS).headers


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="limits"):
        Server(limits="many")
    with pytest.raises(TypeError, match="limit"):
        Server(limit="off")


@pytest.mark.parametrize("process", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_stopped_server_says_so(process: bool) -> None:  # noqa: FBT001 - a parameter
    server = Server(process=process)
    account = server.start().account()
    server.stop()
    server.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        send(account, "GET", ITEMS)
    with pytest.raises(RuntimeError, match="does not run"):
        account.seed()


def test_database_can_be_kept(tmp_path: Path) -> None:
    kept = str(tmp_path / "shop.db")
    with Server(database=kept) as server:
        server.account("shop").seed()
    with Server(database=kept) as server:
        assert "shop" in {each["name"] for each in server.call("GET", "/accounts")}


def test_two_servers_run_at_once() -> None:
    with Server() as one, Server() as other:
        assert one.url != other.url
        assert send(other.account(), "GET", ITEMS).status == 200


def test_unittest_holds_a_server() -> None:
    class Shop(unittest.TestCase):
        def setUp(self) -> None:
            self.account = self.enterContext(Server()).account()

        def runTest(self) -> None:  # noqa: N802 - the name that unittest has
            assert send(self.account, "GET", ITEMS).status == 200

    result = unittest.TestResult()
    Shop().run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_threads_end_with_the_server() -> None:
    def own() -> set[str]:
        return {each.name for each in threading.enumerate() if each is not None}

    before = own()
    with Server() as server:
        server.account()
    assert own() - before <= {"backroom-watcher"}


@pytest.mark.slow
def test_program_that_forgets_to_stop_ends() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
