"""Two servers on one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crash.lives import wait_for_more
from support.client import Client
from support.wire_contract import KIND

if TYPE_CHECKING:
    from crash.lives import Shop
    from support.process import Programs

ITEMS = KIND["item-create"].path


def test_first_starts_make_one_key(programs: Programs) -> None:
    servers = [programs.serve(), programs.serve()]
    keys = [server.said["key"] for server in servers]
    assert sorted(key is None for key in keys) == [False, True]
    (key,) = filter(None, keys)
    assert [Client(server.url, key).get(ITEMS).status for server in servers] == [200, 200]


@pytest.mark.slow
def test_two_servers_apply_jobs_once(shop: Shop) -> None:
    first, second = shop.server(), shop.server("--show-queued")

    def kill_one_by_one() -> None:
        wait_for_more(lambda ledger: len(ledger.accepted), shop.ledgers, least=50)
        first.kill()
        wait_for_more(lambda ledger: len(ledger.accepted), shop.ledgers[2:], least=50)
        second.kill()

    shop.trade(first, first, second, meanwhile=kill_one_by_one)
    shop.audit()
