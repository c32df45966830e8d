"""A server whose PostgreSQL became a standby, and was promoted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.client import NEWEST, Client
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from machines.cluster import OwnCluster
    from support.process import Programs


def test_standby_is_not_ready(programs: Programs, url: str, own_cluster: OwnCluster) -> None:
    server = programs.serve("--database", url)
    client = Client(server.url, server.key)
    assert client.get("/health").status == 200
    with own_cluster.standing_by():
        until(
            lambda: client.get("/health").status == 503 and "it is a standby" in server.errors,
            "a server that is not ready",
        )
    until(lambda: client.get("/health").status == 200, "a server that is ready again")
    assert server.errors.count("not ready: The PostgreSQL server takes no writes") == 1
    # Its worker has come back too.
    items = Jobs(client, NEWEST, KIND["item-create"])
    items.applied(creation(items, "a"))
