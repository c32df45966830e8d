"""A database that crashes and recovers under load, while nobody restarts any process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backroom.store.database import StoreUnavailable
from backroom.store.postgresql.database import PostgresDatabase
from support.process import until

if TYPE_CHECKING:
    from machines.cluster import OwnCluster
    from machines.crew import Crew

RESTARTS = 3
JOBS_BEFORE_A_RESTART = 20
JOBS_BESIDE_IT = 80
LONG_SECONDS = 12.0
SOON_SECONDS = 6.0
"""Less than another doubled pause between two tries to connect would take."""


def test_database_restarts_lose_nothing(crew: Crew, own_cluster: OwnCluster) -> None:
    with crew.trading() as order:

        def restart() -> None:
            order(JOBS_BEFORE_A_RESTART)
            crew.get_going()
            order(JOBS_BESIDE_IT)
            own_cluster.restart()
            crew.settle()

        crew.disturb(RESTARTS, restart)
    crew.witness.hold_all_answered()
    crew.audit()


def test_long_absence_is_soon_forgotten(own_cluster: OwnCluster, url: str) -> None:
    database = PostgresDatabase(url)

    def answers() -> bool:
        try:
            with database.read() as tx:
                return tx.one("select 1") == (1,)
        except StoreUnavailable:
            return False

    with own_cluster.stopped():
        end = time.monotonic() + LONG_SECONDS
        until(lambda: answers() or time.monotonic() > end, "a long absence")
    until(answers, "an answer", SOON_SECONDS)
    database.close()
