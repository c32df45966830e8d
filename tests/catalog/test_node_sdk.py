from __future__ import annotations

from backroom.catalog.node_sdk import SESSIONS_SINCE, VERSIONS
from backroom.revisions import REVISIONS


def test_all_dates_are_revisions() -> None:
    assert {*VERSIONS, SESSIONS_SINCE} <= REVISIONS.keys()
