from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backroom.catalog.kinds import ITEM
from backroom.feeds.known import KnownCatalog, digest_of
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import Row

if TYPE_CHECKING:
    from pathlib import Path

CAP = Row(1, ITEM, "cap", {"title": "Cap", "custom_metadata": {"a": 1, "b": 2}}, ("hats", "new"))
HAT = replace(CAP, line=2, external_id="hat")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(None)


def learned(ledger: Ledger, *outcomes: str) -> KnownCatalog:
    """Let a push end in which the cap and the hat had these outcomes."""
    known = KnownCatalog(ledger)
    ledger.clear()
    ledger.stage([CAP, HAT][: len(outcomes)])
    for number, outcome in enumerate(outcomes, 1):
        ledger.settle([number], outcome)
    known.learn()
    return known


def changed(known: KnownCatalog, *rows: Row) -> list[str]:
    known.begin()
    return [each.external_id for each in known.changed(rows)]


def test_digest_has_no_order() -> None:
    turned = replace(
        CAP,
        attributes={"custom_metadata": {"b": 2, "a": 1}, "title": "Cap"},
        related=("new", "hats"),
    )
    assert digest_of(turned) == digest_of(CAP)
    assert digest_of(replace(CAP, related=("new",))) != digest_of(CAP)
    assert digest_of(replace(CAP, attributes={"title": "Hat"})) != digest_of(CAP)


def test_pushed_rows_are_known(ledger: Ledger) -> None:
    known = learned(ledger, "created", "unchanged")
    assert len(known) == 2
    assert changed(known, CAP, HAT) == []
    assert changed(known, replace(CAP, attributes={"title": "New"}), HAT) == ["cap"]


def test_unseen_rows_are_given(ledger: Ledger) -> None:
    known = learned(ledger, "created", "created")
    changed(known, HAT)
    assert known.unseen(ITEM) == ["cap"]
    known.forget(ITEM, ["cap"])
    assert known.unseen(ITEM) == []


def test_deleted_rows_are_forgotten(ledger: Ledger) -> None:
    learned(ledger, "created", "created")
    known = learned(ledger, "deleted")
    assert len(known) == 1


def test_refused_row_waits_for_a_change(ledger: Ledger) -> None:
    known = learned(ledger, "failed")
    assert changed(known, CAP) == []


def test_refused_row_is_tried_after_another(ledger: Ledger) -> None:
    assert changed(learned(ledger, "failed", "created"), CAP, HAT) == ["cap"]
    assert KnownCatalog(ledger).learn() is False
    learned(ledger, "failed")
    assert KnownCatalog(ledger).learn() is True
    ledger.clear()
    ledger.stage([HAT])
    ledger.settle([1], "updated")
    known = KnownCatalog(ledger)
    assert known.learn() is False
    assert changed(known, CAP, HAT) == ["cap"]


def test_digests_outlive_the_process(tmp_path: Path) -> None:
    place = tmp_path / "state"
    ledger = Ledger(place)
    learned(ledger, "created").begin_for("this push")
    learned(ledger, "created")
    ledger.close()
    again = KnownCatalog(Ledger(place))
    again.begin_for("this push")
    assert len(again) == 1
    again.begin_for("another push")
    assert len(again) == 0
