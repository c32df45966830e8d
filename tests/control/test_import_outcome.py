from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom.control.import_outcome import ImportOutcome
from control.test_import_run import ROWS, ran

if TYPE_CHECKING:
    from pathlib import Path

    from support.client import Client


def test_outcome_is_kept_as_json(tmp_path: Path, client: Client) -> None:
    outcome = ran(tmp_path, client, f"{ROWS}{{broken\n", mode="create", dry=False)
    assert (outcome.mode, outcome.faults, len(outcome.jobs)) == ("create", 1, 1)
    encoded = msgspec.json.encode(outcome)
    assert msgspec.json.decode(encoded, type=ImportOutcome) == outcome
