from __future__ import annotations

from html.parser import HTMLParser

from backroom.catalog.kinds import ITEM
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.report_page import html_lines_of, summary
from backroom.feeds.reporting import Report
from backroom.feeds.rows import Row, RowFault, RowWarning


def report(*, dry_run: bool = False) -> Report:
    ledger = Ledger(None)
    fault = RowFault(2, "is wrong", ITEM, "<script>", "price", "x", "Write a number.")
    ledger.stage([fault, Row(1, ITEM, "C1", {})])
    ledger.settle([1], "created")
    made = Report("a<b>.csv", "http://x", MODES["create"], dry_run=dry_run, ledger=ledger)
    made.count()
    return made


def test_summary_is_a_sentence() -> None:
    assert summary(report()) == "2 rows: 1 created, 1 failed."
    assert summary(report(dry_run=True)) == (
        "Nothing was sent. 2 rows: 1 would be created, 1 would fail."
    )


def test_one_row_is_no_rows() -> None:
    ledger = Ledger(None)
    ledger.stage([Row(1, ITEM, "C1", {})])
    ledger.settle([1], "created")
    made = Report("a.csv", "u", MODES["create"], ledger=ledger)
    made.count()
    assert summary(made) == "1 row: 1 created."


def test_shop_rows_are_told_from_what_they_make() -> None:
    made = report()
    made.records = "3 rows"
    assert summary(made) == "3 rows of the file: 2 items. Of these, 1 created, 1 failed."
    assert '<th class="number">in the file</th>' in "\n".join(html_lines_of(made))


def test_page_says_what_went_in() -> None:
    made = report(dry_run=True)
    assert made.ledger
    made.ledger.find(RowWarning(2, "is odd", ITEM, "<script>"))
    made.moment = "2026-11-28 19:25 UTC"
    page = "\n".join(html_lines_of(made))
    assert "<p>mode create · 2026-11-28 19:25 UTC</p>" in page
    assert "<th>would be imported</th>" in page
    assert "<td>no</td></tr>" in page


def test_page_is_whole_and_escaped() -> None:
    open_elements: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, _: object) -> None:
            if tag != "meta":
                open_elements.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_elements.pop() == tag

    page = "\n".join(html_lines_of(report()))
    Checker().feed(page)
    assert open_elements == []
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_many_findings_begin_with_the_most_frequent() -> None:
    made = report()
    assert made.ledger
    assert "first in line" not in "\n".join(html_lines_of(made))
    for line in range(3, 23):
        made.ledger.find(RowFault(line, f"is {line}", ITEM, "C3", "price", "x", "Write a number."))
    page = "\n".join(html_lines_of(made))
    assert "<h2>Rows that were rejected (21)</h2>" in page
    assert '<tr><td class="number">21</td>\n<td>price</td>\n<td>Write a number.</td>' in page


def test_page_needs_nothing_else() -> None:
    page = "\n".join(html_lines_of(report()))
    assert "http" not in page
    assert "src=" not in page
