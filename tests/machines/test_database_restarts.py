"""A database that crashes and recovers under load, while nobody restarts any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.cluster import OwnCluster
    from machines.crew import Crew

RESTARTS = 4
JOBS_BESIDE_A_RESTART = 40


def test_database_restarts_lose_nothing(crew: Crew, own_cluster: OwnCluster) -> None:
    with crew.trading() as order:
        for _ in range(RESTARTS):
            order(JOBS_BESIDE_A_RESTART)
            crew.get_going()
            own_cluster.restart()
            crew.settle()
    crew.witness.hold_all_answered()
    crew.audit()
