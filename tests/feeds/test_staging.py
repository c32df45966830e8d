from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import FeedError
from backroom.feeds.staging import ledger_beside, left_out_columns, records_of, stage
from backroom.feeds.tallies import counts

if TYPE_CHECKING:
    from pathlib import Path

HATS = '{"type":"category","external_id":"hats","name":"Hats","colour":1}\n'


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    path.write_text(HATS)
    return path


def test_feed_is_read_once(feed: Path) -> None:
    ledger = Ledger(None)
    assert stage(open_feed(feed), ledger, {"mode": "create"}) is False
    ledger.settle([1], "created")
    assert stage(open_feed(feed), ledger, {"mode": "create"}) is True
    assert counts(ledger)["category"]["created"] == 1
    assert [each.name for each in left_out_columns(ledger)] == ["colour"]


def test_other_feed_begins_again(feed: Path) -> None:
    ledger = Ledger(None)
    stage(open_feed(feed), ledger, {"mode": "create"})
    assert stage(open_feed(feed), ledger, {"mode": "upsert"}) is None
    feed.write_text(HATS * 2)
    assert stage(open_feed(feed), ledger, {"mode": "upsert"}) is None
    assert counts(ledger)["category"]["pending"] == 2


def test_change_under_way_is_noticed(feed: Path) -> None:
    class Growing:
        name = feed.name
        source = open_feed(feed).source

        def rows(self) -> object:
            yield from open_feed(feed).rows()
            feed.write_text(HATS * 2)

    with pytest.raises(FeedError, match="has changed while it was read"):
        stage(Growing(), Ledger(None), {})  # type: ignore[arg-type]


def test_empty_feed_is_refused(feed: Path) -> None:
    feed.write_text("\n")
    with pytest.raises(FeedError, match="is empty: it has no rows"):
        stage(open_feed(feed), Ledger(None), {})


def test_progress_is_beside_the_file(feed: Path) -> None:
    assert ledger_beside(feed) == feed.with_name("feed.jsonl.import-progress")
    odd = feed.rename(feed.with_name(os.fsdecode(b"caf\xe9.csv")))
    assert ledger_beside(odd) == feed.with_name(r"caf\udce9.csv.import-progress")


def test_pipe_has_nothing_beside(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert ledger_beside(tmp_path / "pipe") is None


def test_records_of_shop_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("Handle,Title,Variant Price\na,A,1\na,,2\nb,B\n")
    ledger = Ledger(None)
    stage(open_feed(path), ledger, {})
    assert records_of(ledger) == "3 rows"
