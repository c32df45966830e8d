"""Connections to the database that are cut, or fall silent, while nobody restarts any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.client import Client
from support.process import until

if TYPE_CHECKING:
    from machines.crew import Crew
    from machines.proxy import Way

CUTS = 8
JOBS_BESIDE_A_CUT = 10
REFUSALS_IN_SILENCE = 12


def test_cut_connections_lose_nothing(led_crew: Crew, way: Way) -> None:
    with led_crew.trading() as order:

        def cut() -> None:
            order(JOBS_BESIDE_A_CUT)
            led_crew.get_going()
            # They are under way while it is cut, however fast those before were accepted.
            order(JOBS_BESIDE_A_CUT)
            way.cut()

        led_crew.disturb(CUTS, cut)
    led_crew.witness.hold_all_answered()
    led_crew.audit()


def test_silent_database_is_503(led_crew: Crew, way: Way) -> None:
    refused = led_crew.witness.answered
    with led_crew.trading() as order:
        order(60)
        led_crew.get_going()
        with way.silence():
            until(lambda: refused[503] > 0, "the first refusal")
            for server in led_crew.servers:
                assert Client(server.url, "").get("/_backroom/health/live").status == 200
                assert Client(server.url, "").get("/_backroom/health/ready").status == 503
            until(lambda: refused[503] >= REFUSALS_IN_SILENCE, "refusals")
    led_crew.witness.hold_all_answered()
    led_crew.audit()
