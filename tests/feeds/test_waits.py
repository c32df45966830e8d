from __future__ import annotations

from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.feeds.paced_client import PacedClient
from backroom.feeds.waits import WaitCause, Waits
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, scripted

JOB = {"id": "J1", "attributes": {"status": "processing"}}
ENDED = {"id": "J1", "attributes": {"status": "complete", "completed_count": 0}}
LIMITED = Answer(429, {"errors": [{"detail": "slow down"}]}, {"Retry-After": "0"})
BUSY = Answer(503, {})


def test_longest_wait_comes_first() -> None:
    waits = Waits()
    waits.add(WaitCause.AWAY, 1)
    waits.add(WaitCause.JOBS, 2)
    waits.add(WaitCause.AWAY, 3)
    assert waits.longest() == [(WaitCause.AWAY, 4), (WaitCause.JOBS, 2)]
    waits.clear()
    assert waits.total == 0


def test_client_tells_its_waits_apart() -> None:
    processing, ended = Answer(200, {"data": JOB}), Answer(200, {"data": ENDED})
    with scripted(processing, LIMITED, LIMITED, BUSY, ended) as script:
        client = PacedClient(script.url, "pk", NEWEST, 10)
        client.wait(JobKind(ITEM, Verb.CREATE), "J1")
    waited = dict(client.waits.longest())
    assert set(waited) == {WaitCause.JOBS, WaitCause.LIMIT, WaitCause.BUSY}
    assert waited[WaitCause.JOBS] >= 0.02
