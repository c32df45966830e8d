from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store import jobs, readiness
from backroom.store.database import StoreUnavailable
from backroom.store.readiness import Readiness
from support.factories import ACCOUNT, a_creation, a_job, stored, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_nothing_is_known_at_first() -> None:
    assert Readiness().must_try()


def test_success_speaks_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Readiness()
    known.succeeded()
    assert not known.must_try()
    monkeypatch.setattr(readiness, "TRUSTED_SECONDS", -1.0)
    assert known.must_try()


def test_failure_is_tried_again() -> None:
    known = Readiness()
    known.failed("full")
    assert known.must_try()
    known.begin_try()
    with pytest.raises(StoreUnavailable, match="full"):
        known.must_try()


def test_success_ends_a_failure() -> None:
    known = Readiness()
    known.failed("full")
    known.succeeded()
    assert not known.must_try()


def test_damage_stays() -> None:
    known = Readiness()
    known.damaged("torn")
    known.succeeded()
    with pytest.raises(StoreUnavailable, match="torn"):
        known.must_try()


def look(known: Readiness, reason: str = "") -> None:
    with known.changes_logged():
        if reason:
            raise StoreUnavailable(reason)


def test_changes_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    known = Readiness()
    look(known)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            look(known, "full")
    for _ in range(2):
        look(known)
    assert caplog.messages == ["not ready: full", "ready again"]


def test_proof_leaves_nothing(database: Database) -> None:
    stored(database, a_job(), a_creation("item", "a"))
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
    assert waiting is not None
    written(database, lambda tx: readiness.prove_writable(tx, waiting))
    with database.read() as tx:
        assert len(tx.all("select 1 from job_operations")) == 1
