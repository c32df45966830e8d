from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, VARIANT, JobKind, Verb
from backroom.feeds.api_client import ApiClient
from backroom.feeds.comparing import MODES, RowOperation
from backroom.feeds.comparison import Comparison
from backroom.feeds.encoding import EncodedRow
from backroom.feeds.ledger import Ledger
from backroom.feeds.loading import Loader
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget, forget_all_but_refused
from backroom.feeds.rows import Row
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.comparison import Piece
    from support.client import Client

CAP = Row(1, ITEM, "C1", {"price": "cheap"}, ("hats",))
CAP_M = Row(2, VARIANT, "C1-M", {"price": 5}, ("C1",))
TARGET = RefusingTarget("http://shop.example", "pk_1", "2024-10-15")
NOW = datetime(2026, 11, 28, 18, 50, tzinfo=UTC)


def operation(row: Row, body: bytes = b"{}", verb: Verb = Verb.CREATE) -> RowOperation:
    return RowOperation(JobKind(row.kind, verb), EncodedRow(row, body))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feed.import-progress"


@pytest.fixture
def first(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(path)
    yield ledger
    ledger.close()


def refused(ledger: Ledger, target: RefusingTarget = TARGET) -> RefusedRows:
    """Give the refusals as the next import has them."""
    ledger.clear()
    return RefusedRows(ledger, target, NOW)


def test_refusal_outlives_its_import(first: Ledger) -> None:
    noted = refused(first)
    noted.note(operation(CAP), "price: No number.", "price")
    assert noted.find(operation(CAP)) is None
    found = refused(first).find(operation(CAP))
    assert found is not None
    assert (found.related, found.member) == (False, "price")
    assert str(found).startswith(
        "price: No number. (The server refused this at 2026-11-28 18:50 UTC."
    )


@pytest.mark.parametrize(
    ("row", "detail", "member", "expected"),
    [
        (CAP, "No.", "price", "own"),
        (CAP, "Wrong.", "external_id", "own"),
        (CAP_M, "An item does not exist.", "item/data/id", "related"),
        (CAP_M, "An item does not exist.", "", "related"),
        (CAP, "It already exists.", "external_id", None),
        (CAP, "Try again later.", "", None),
        (CAP, "It does not exist.", "id", None),
    ],
)
def test_only_lasting_refusals_are_kept(
    first: Ledger, row: Row, detail: str, member: str, expected: str | None
) -> None:
    refused(first).note(operation(row), detail, member)
    found = refused(first).find(operation(row))
    assert (found and ("related" if found.related else "own")) == expected


def test_too_large_rows_are_kept(first: Ledger) -> None:
    refused(first).note(operation(CAP), "is larger than the server takes", "", whole=True)
    assert refused(first).find(operation(CAP))


@pytest.mark.parametrize(
    "other",
    [operation(CAP, b"[]"), operation(CAP, verb=Verb.UPDATE), operation(CAP_M)],
    ids=["body", "verb", "kind"],
)
def test_other_operations_are_not_refused(first: Ledger, other: RowOperation) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    assert refused(first).find(other) is None


@pytest.mark.parametrize(
    "target",
    [
        TARGET._replace(url="http://other.example"),
        TARGET._replace(key="pk_2"),
        TARGET._replace(revision="2023-10-15"),
    ],
    ids=["server", "key", "revision"],
)
def test_other_targets_have_not_refused(first: Ledger, target: RefusingTarget) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    assert refused(first, target).find(operation(CAP)) is None


def test_key_may_change_under_way(first: Ledger) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    other = TARGET._replace(key="pk_2")
    RefusedRows(first, other, NOW)
    assert refused(first, other).find(operation(CAP))


def test_keys_of_an_account_share_refusals(first: Ledger) -> None:
    noted = refused(first)
    lacking = [noted.lacks_account]
    noted.note(operation(CAP), "No.", "price")
    lacking.append(noted.lacks_account)
    noted.name_account("Ab3dEf")
    assert [*lacking, noted.lacks_account] == [False, True, False]
    later = refused(first, TARGET._replace(key="pk_2"))
    later.name_account("other")
    assert later.find(operation(CAP)) is None
    later.name_account("Ab3dEf")
    assert later.find(operation(CAP))


def test_unknown_account_is_that_of_the_key(first: Ledger) -> None:
    noted = refused(first)
    noted.note(operation(CAP), "No.", "price")
    noted.name_account("")
    assert refused(first).find(operation(CAP))


def test_retry_forgets_refusals(first: Ledger) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    first.clear()
    assert not RefusedRows(first, TARGET, NOW, retry=True)
    assert not refused(first)


def test_refusals_are_those_of_the_last_import(first: Ledger) -> None:
    noted = refused(first)
    noted.note(operation(CAP), "No.", "price")
    noted.note(operation(CAP_M), "No.", "price")
    refused(first).keep(operation(CAP))
    assert forget_all_but_refused(first, complete=True)
    following = refused(first)
    assert following.find(operation(CAP))
    assert following.find(operation(CAP_M)) is None


def test_import_without_refusals_leaves_nothing(first: Ledger) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    refused(first)
    assert not forget_all_but_refused(first, complete=True)


def test_vain_import_forgets_nothing(first: Ledger) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    refused(first)
    first.stage([CAP])
    assert forget_all_but_refused(first, complete=False)
    assert list(first.pending("item")) == []
    assert refused(first).find(operation(CAP))


def test_refusals_are_read_from_another_ledger(first: Ledger, path: Path, tmp_path: Path) -> None:
    refused(first).note(operation(CAP), "No.", "price")
    dry = refused(Ledger(None))
    dry.take_from(path)
    assert not dry
    first.close()
    for place in (tmp_path / "nothing", path):
        dry.take_from(place)
    assert dry.find(operation(CAP))
    assert path.exists()
    assert not (tmp_path / "nothing").exists()


def loaded(client: Client, ledger: Ledger, mode: str, *rows: Row, sent: bool = False) -> Piece:
    """Load rows, the last one by a job that an earlier run has posted; give its piece."""
    api = ApiClient(client.url, client.key, NEWEST, 10)
    target = RefusingTarget(client.url, client.key, NEWEST)
    ledger.stage(rows)
    comparison = Comparison(api, ledger, MODES[mode])
    (piece,) = comparison.pieces(rows[-1].kind)
    if sent:
        job_kind = piece.operation.job_kind
        batch = ledger.begin(job_kind.kind.name, job_kind.verb, [(len(rows), "")])
        ledger.posted(batch, api.submit(job_kind, [piece.operation.encoded]))
    comparison.refusals = RefusedRows(ledger, target, NOW)
    Loader(comparison, api).run(lambda *_: None)
    return piece


def test_refusals_of_a_broken_import_are_kept(first: Ledger, client: Client) -> None:
    text = {"title": "Cap", "description": "", "url": "u"}
    numbers = {"sku": "1", "price": 5, "inventory_quantity": 3}
    target = RefusingTarget(client.url, client.key, NEWEST)
    orphan = Row(1, VARIANT, "C1-M", text | numbers, ("C1",))
    piece = loaded(client, first, "create", orphan, sent=True)
    assert refused(first, target).find(piece.operation)
    loaded(client, Ledger(None), "create", Row(1, ITEM, "C1", text))
    changed = Row(1, ITEM, "C1", text | {"title": "New"}, ("nope",))
    first.clear()
    piece = loaded(client, first, "upsert", changed, sent=True)
    assert piece.operation.verb is Verb.UPDATE
    assert refused(first, target).find(piece.operation)
