"""The servers of one test run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from backroom.testing.marker import Asked
from backroom.testing.servers import Servers
from testing.held import ITEMS, row, send

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers(process=False, revision="", limits="off") as made:
        yield made


def test_other_settings_need_another_server(servers: Servers) -> None:
    with (
        servers.lend(Asked()) as one,
        servers.lend(Asked()) as two,
        servers.lend(Asked(limits="real")) as limited,
        servers.lend(Asked(limits="real")) as again,
    ):
        assert one.url == two.url == servers.usual().url
        assert limited.url == again.url != one.url
        assert "RateLimit-Limit" in send(limited, "GET", ITEMS).headers


def test_revision_is_that_of_the_test(servers: Servers) -> None:
    with servers.lend(Asked(revision="2023-02-22")) as account:
        answer = send(account, "GET", ITEMS)
    assert answer.headers["X-Klaviyo-Api-Revision"] == "2023-02-22"
    assert servers.revision_of(Asked()) == ""


def test_nothing_is_left_afterwards(servers: Servers) -> None:
    with servers.lend(Asked(pace=({"stay": True},))) as account:
        account.seed([row("cap")])
        account.faults.add(status=503, times=0)
        account.clock.freeze()
    assert (account.resources(), account.faults.all(), account.pace.all()) == ([], [], [])
    assert account.clock.mode == "real"


def test_all_stop_with_the_run() -> None:
    with Servers(process=False, revision="", limits="off") as made:
        server = made.usual()
    with pytest.raises(RuntimeError, match="does not run"):
        server.account()


@pytest.mark.slow
def test_thousand_accounts_take_less_than_five_seconds(servers: Servers) -> None:
    servers.usual()
    began = time.process_time()
    for _ in range(200):
        with servers.lend(Asked()) as account:
            assert account.key
    assert time.process_time() - began < 1.0
