from __future__ import annotations

import random
from typing import TYPE_CHECKING

from backroom.catalog.kinds import ITEM, Verb
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.paced_client import PacedClient
from backroom.feeds.push_plan import Difference, Plan, PlannedComparison
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.rows import Row
from backroom.revisions import NEWEST
from feeds.catalogs import load, paced

if TYPE_CHECKING:
    from support.client import Client

TEXT = {"title": "Cap 0", "description": "", "url": "https://shop.example/0"}


def planned(client: Client, *rows: Row) -> tuple[Ledger, Plan, PlannedComparison]:
    ledger = Ledger(None)
    ledger.stage(rows)
    plan = Plan(ledger)
    plan.begin()
    comparison = PlannedComparison(paced(client), ledger, MODES["upsert"])
    Rehearsal(comparison, lambda *_: None).run(lambda *_: None)
    plan.make(reopen=True)
    following = PlannedComparison(paced(client), ledger, MODES["upsert"])
    following.plan = plan
    return ledger, plan, following


def test_plan_says_what_differs(client: Client) -> None:
    load(client, 2, random.Random(0))
    changed = Row(1, ITEM, "C0", {**TEXT, "title": "New", "price": 999})
    _, plan, _ = planned(client, changed, Row(2, ITEM, "N", TEXT))
    difference = plan.difference()
    assert difference.outcomes == {("item", "updated"): 1, ("item", "created"): 1}
    assert difference.attributes == {("item", "title"): 1, ("item", "price"): 1}
    (phase,) = difference.phases(MODES["upsert"], 100, 1_000)
    assert phase.jobs == {Verb.CREATE: 1, Verb.UPDATE: 1}


def test_plan_is_followed_without_asking(client: Client) -> None:
    load(client, 2, random.Random(0))
    changed = Row(1, ITEM, "C0", {**TEXT, "title": "New"})
    _, plan, following = planned(client, changed, Row(2, ITEM, "N", TEXT))
    # Nobody listens there.
    following.existing.client = PacedClient("http://127.0.0.1:9", "pk", NEWEST, 1)
    updated, created = following.pieces(ITEM)
    assert updated.operation.encoded.row.attributes == {"title": "New"}
    assert (created.operation.verb, created.external_id) == (Verb.CREATE, "N")
    assert not plan.difference()


def test_row_that_is_given_back_is_compared(client: Client) -> None:
    ledger, _, following = planned(client, Row(1, ITEM, "C0", TEXT))
    (piece,) = following.pieces(ITEM)
    assert piece.operation.verb is Verb.CREATE
    load(client, 1, random.Random(0))
    ledger.settle([1], None)
    assert list(following.pieces(ITEM)) == []


def test_merging_rows_are_compared(client: Client) -> None:
    load(client, 1, random.Random(0))
    row = Row(1, ITEM, "C0", {"custom_metadata": {"wool": True}}, merges=True)
    _, _, following = planned(client, row)
    (piece,) = following.pieces(ITEM)
    assert piece.operation.encoded.row.attributes == {"custom_metadata": {"wool": True}}


def test_remarks_are_made_once(client: Client) -> None:
    twice = Row(1, ITEM, "C0", TEXT), Row(2, ITEM, "C0", {"title": "Later"})
    ledger, plan, following = planned(client, *twice)
    (piece,) = following.pieces(ITEM)
    assert piece.numbers == (1, 2)
    assert ledger.one("select count(*) from findings") == 1
    assert plan.ready


def test_jobs_are_bounded_by_bytes() -> None:
    difference = Difference()
    difference.outcomes["item", "created"] = 10
    difference.lengths["item", "created"] = 5_000
    (phase,) = difference.phases(MODES["upsert"], 100, 1_000)
    assert phase.jobs[Verb.CREATE] == 5
