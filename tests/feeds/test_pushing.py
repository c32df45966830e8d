from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from backroom import clock
from backroom.catalog.kinds import ITEM
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.mirroring import RemovalLimit
from backroom.feeds.pushing import NoShopError, Push, PushOptions
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget, forget_all_but_refused
from backroom.feeds.rows import Row
from backroom.feeds.source_catalog import SourceCatalog
from backroom.revisions import NEWEST
from feeds.catalogs import catalog_of, load, paced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backroom.catalog.kinds import JobKind
    from backroom.feeds.encoding import EncodedRow
    from backroom.feeds.paced_client import PacedClient
    from conftest import MakeClient
    from support.client import Client

CAP = {"title": "Cap", "description": "", "url": "https://shop.example/c"}


def a_push(client: Client, *rows: Row, mode: str = "upsert", **more: Any) -> Push:
    ledger = Ledger(None)
    ledger.stage(rows)
    return Push(ledger, paced(client), MODES[mode], options(**more))


def options(**more: Any) -> PushOptions:
    return PushOptions(lambda *_: None, RemovalLimit("100%"), **more)


def silent(*_: object) -> None:
    pass


def test_dry_run_keeps_its_outcomes(client: Client) -> None:
    push = a_push(client, Row(1, ITEM, "C", CAP), dry_run=True)
    assert push.compare(silent).outcomes == {("item", "created"): 1}
    assert push.ledger.one("select outcome from rows") == "created"
    assert catalog_of(client) == {}


def test_prediction_is_of_what_is_left(client: Client) -> None:
    push = a_push(client, *(Row(at, ITEM, f"C{at}", CAP) for at in range(1, 21)), batch=2)
    push.compare(silent)
    assert push.jobs == 10
    before = push.remaining_seconds()
    push.send(silent)
    assert 0 < before < 30
    assert push.remaining_seconds() == 0


def test_planned_jobs_follow_each_other(client: Client) -> None:
    """The prediction counts one request for a job: nothing is asked in between."""
    push = a_push(client, *(Row(at, ITEM, f"C{at}", CAP) for at in range(1, 21)), batch=2)
    push.compare(silent)
    requests: list[tuple[str, float]] = []

    def noted(method: str, seconds: float) -> None:
        requests.append((method, seconds))

    push.target.measures.answered = noted  # type: ignore[method-assign]
    push.send(silent)
    assert [method for method, _ in requests[:10]] == ["POST"] * 10


def note_posts(sender: PacedClient, submitted: list[str]) -> None:
    submit = sender.submit

    def noted(job_kind: JobKind, batch: Sequence[EncodedRow]) -> str:
        submitted.append(job_kind.collection)
        return submit(job_kind, batch)

    sender.submit = noted  # type: ignore[method-assign]


@pytest.mark.parametrize(("retry", "times"), [(False, 1), (True, 2)])
def test_refused_row_is_not_sent_again(
    client: Client, tmp_path: Path, *, retry: bool, times: int
) -> None:
    submitted: list[str] = []
    for _ in range(2):
        ledger = Ledger(tmp_path / "progress")
        ledger.stage([Row(1, ITEM, "C", CAP | {"price": "x"})])
        target = RefusingTarget(client.url, client.key, NEWEST)
        taken = partial(RefusedRows, target=target, moment=clock.now(), retry=retry)
        sender = paced(client)
        note_posts(sender, submitted)
        push = Push(ledger, sender, MODES["upsert"], options(refusals=taken))
        push.compare(silent)
        push.send(silent)
        assert ledger.one("select outcome from rows") == "failed"
        forget_all_but_refused(ledger, complete=True)
        ledger.close()
    assert len(submitted) == times


def test_second_comparison_reads_the_plan(client: Client) -> None:
    push = a_push(client, Row(1, ITEM, "C", CAP))
    push.compare(silent)
    again = Push(push.ledger, paced(client), push.mode, options())
    assert again.compare(silent).outcomes == {("item", "created"): 1}
    again.send(silent)
    assert not again.compare(silent)


def test_made_up_address_is_found(client: Client) -> None:
    a_push(client, Row(1, ITEM, "C", CAP)).check_addresses(from_file=True)
    nowhere = CAP | {"url": "https://shop.invalid/products/cap"}
    with pytest.raises(NoShopError, match="1 items and variants"):
        a_push(client, Row(1, ITEM, "C", nowhere)).check_addresses(from_file=True)


def test_what_a_reading_missed_stays(client: Client, make_client: MakeClient) -> None:
    source = make_client()
    for each in (client, source):
        load(each, 3, random.Random(0))
    source.request("DELETE", "/api/catalog-items/$custom:::$default:::C1")
    push = a_push(client, Row(1, ITEM, "C0", {}), mode="mirror")
    difference = push.compare(silent, SourceCatalog(paced(source)))
    assert difference.outcomes == {("item", "deleted"): 1, ("variant", "deleted"): 1}
