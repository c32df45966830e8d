"""A server whose clock was ahead when it accepted jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.client import NEWEST, Client
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from support.process import Programs, ServerProgram

AN_HOUR_AHEAD = """
import datetime
from backroom import cli
from backroom.testing.clock import SettableClock

SettableClock().advance(datetime.timedelta(hours=1))
cli.main(prog_name="backroom")
"""


def items_of(server: ServerProgram, key: str) -> Jobs:
    return Jobs(Client(server.url, key), NEWEST, KIND["item-create"])


def test_job_outlives_clock_set_back(programs: Programs) -> None:
    flags = ("serve", "--port", "0", "--format", "json", "--job-delay", "7200")
    ahead = programs.server("-c", AN_HOUR_AHEAD, *flags)
    items = items_of(ahead, ahead.key)
    job_id = items.post(creation(items, "a")).job_id
    ahead.kill()
    items = items_of(programs.serve(), items.client.key)
    assert items.completed(job_id).json["data"]["attributes"]["completed_count"] == 1
