"""The rows of a feed that failed, each as a line of JSON with the API's own names.

So a row of any format can be corrected, and sent again in a feed of JSON Lines. A line of JSON that
can't be read stays as it is in the file. If a record of another carrier can't be read, its line has
the values that could be: at least the kind and the id, where these are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from backroom.feeds.columns import own_names
from backroom.feeds.rows import RowFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.reporting import Report
    from backroom.feeds.rows import Row

MOST_REJECTED = 200
"""Rows of one import that can be corrected. Its report names all."""
MOST_TEXT = 20_000
"""Characters of one of them. Longer ones are corrected in the file."""


@dataclass(frozen=True)
class RejectedRow:
    """One row that failed. `text` is a line of JSON, or the broken line as it was sent.

    `is_whole` says whether all of the row is there.
    """

    line: int
    kind: str
    external_id: str
    text: str
    is_whole: bool


def rejected_rows(report: Report, ledger: Ledger, feed: Feed | None) -> list[RejectedRow]:
    """Give the rows that failed, in the order of the feed, as many as can be corrected."""
    if not report.total("failed"):
        return []
    found = [_staged_row(each.row) for each in ledger.failed(MOST_REJECTED)]
    found += _unread_rows(report, {each.line for each in found}, feed)
    found.sort(key=lambda each: each.line)
    return [each for each in found if len(each.text) <= MOST_TEXT][:MOST_REJECTED]


def _staged_row(row: Row) -> RejectedRow:
    text = msgspec.json.encode(own_names(row)).decode()
    return RejectedRow(row.line, row.kind.name, row.external_id, text, is_whole=True)


def _unread_rows(report: Report, known: set[int], feed: Feed | None) -> Iterator[RejectedRow]:
    """Give the places of a file from which no row came."""
    faults = {
        each.line: each
        for each in report.findings(failed=True, most=MOST_REJECTED)
        if each.line and each.line not in known
    }
    texts = _texts_of_lines(feed, set(faults)) if faults and feed is not None else {}
    for line, fault in faults.items():
        kind = fault.kind.name if fault.kind else ""
        read = fault.read or {} if isinstance(fault, RowFault) else {}
        if line in texts:
            yield RejectedRow(line, kind, fault.external_id, texts[line], is_whole=True)
        elif kind or read:
            cells = {"type": kind, "external_id": fault.external_id, **read}
            text = msgspec.json.encode(cells).decode()
            yield RejectedRow(line, kind, fault.external_id, text, is_whole=False)


def _texts_of_lines(feed: Feed, wanted: set[int]) -> dict[int, str]:
    """Give lines of a file of lines, none of another."""
    if feed.recognised.carrier != "lines":
        return {}
    found = {}
    try:
        with feed.lines_path().open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number in wanted:
                    found[number] = (
                        line[: MOST_TEXT * 4].decode(errors="replace").strip("\ufeff\r\n")
                    )
                if len(found) == len(wanted):
                    break
    except OSError:
        return {}
    return found
