from __future__ import annotations

from backroom.catalog.kinds import ITEM, Verb
from backroom.feeds.api_client import ApiClient
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.tallies import counts, findings
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, scripted

ATTRIBUTES = {"title": "Cap", "description": "", "url": "u"}
NOTHING = Answer(200, {"data": []})
ONE = Answer(200, {"data": [{"id": "$custom:::$default:::C1", "attributes": ATTRIBUTES}]})


def compared(mode: str, there: Answer, *rows: Row | RowFault) -> tuple[Ledger, list[str]]:
    """The verbs of what has to be sent."""
    ledger = Ledger(None)
    ledger.stage(rows)
    with scripted(there) as script:
        client = ApiClient(script.url, "pk_test", NEWEST, 10)
        comparison = Comparison(client, ledger, MODES[mode])
        pieces = list(comparison.pieces(ITEM))
        comparison.count_settled()
    return ledger, [str(each.operation.verb) for each in pieces]


def test_equal_row_is_settled() -> None:
    ledger, verbs = compared("upsert", ONE, Row(1, ITEM, "C1", ATTRIBUTES))
    assert verbs == []
    assert counts(ledger)["item"]["unchanged"] == 1


def test_other_rows_make_pieces() -> None:
    rows = (Row(1, ITEM, "C1", {"title": "New"}), Row(2, ITEM, "C2", ATTRIBUTES))
    assert compared("upsert", ONE, *rows)[1] == [Verb.UPDATE, Verb.CREATE]


def test_rows_with_one_id_are_one_piece() -> None:
    rows = (Row(1, ITEM, "C1", ATTRIBUTES), Row(2, ITEM, "C1", {"price": 1}))
    ledger, verbs = compared("upsert", NOTHING, *rows)
    assert verbs == ["create"]
    (warning,) = findings(ledger, failed=False)
    assert (warning.line, warning.column) == (2, "external_id")


def test_faults_of_rows_keep_their_lines() -> None:
    rows = (Row(1, ITEM, "C1", {"price": 1}), Row(5, ITEM, "C1", {"price": 2}))
    ledger, _ = compared("upsert", NOTHING, *rows)
    assert [each.line for each in findings(ledger, failed=True)] == [1, 5]


def test_unchanged_rows_are_progress() -> None:
    ledger = Ledger(None)
    ledger.stage([Row(1, ITEM, "C1", ATTRIBUTES)])
    reported: list[tuple[str, int]] = []
    with scripted(ONE) as script:
        client = ApiClient(script.url, "pk_test", NEWEST, 10)
        comparison = Comparison(client, ledger, MODES["upsert"])
        comparison.progress = lambda kind, settled: reported.append((kind, settled))
        assert list(comparison.pieces(ITEM)) == []
    assert reported == [("item", 1)]
