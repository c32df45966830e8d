"""The rows of a feed that failed, each as a line of JSON with the API's own names.

So a row of any format can be corrected, and sent again in a feed of JSON Lines. A line of JSON that
can't be read stays as it is in the file. If a record of another carrier can't be read, its lines
have the values that could be, one line for each resource. A record without any value can't be
corrected so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.feeds.columns import own_names
from backroom.feeds.formats import SHOPS
from backroom.feeds.rows import RowFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.reporting import Report
    from backroom.feeds.rows import Finding, Row

MOST_REJECTED = 200
"""Rows of one import that can be corrected. Its report names all."""
MOST_TEXT = 20_000
"""Characters of one of them. Longer ones are corrected in the file."""
MOST_WRITTEN = 2_000
"""Characters that are shown of the line of a torn row."""
_MOST_LINES_NAMED = 20
_CORRECT_FILE = "Correct the file, and import it again."
_UNREAD = "No value of a row like this could be read"
_TOO_MUCH_TEXT = f"A row has more than {MOST_TEXT:,} characters"
_REMOVAL = "The server refused to delete a resource that is not in the file"


@dataclass(frozen=True)
class RejectedRow:
    """One row that failed. `text` is a line of JSON, or the broken line as it was sent.

    `is_whole` says whether all of the row is there. `written` is the line of a torn row in its
    file. `sent_kind` and `sent_id` are those of the row as it was corrected last, if it was.
    """

    line: int
    kind: str
    external_id: str
    text: str
    is_whole: bool
    written: str = ""
    sent_kind: str = ""
    sent_id: str = ""


@dataclass
class NotOffered:
    """Rows that failed and can't be corrected in the form: why, what to do, and in which lines."""

    why: str
    advice: str
    rows: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count a row."""
        self.rows += 1
        if line and len(self.lines) < _MOST_LINES_NAMED:
            self.lines.append(line)


@dataclass
class Rejected:
    """The rows that failed: those that can be corrected, in the order of the feed, and others."""

    rows: list[RejectedRow] = field(default_factory=list)
    not_offered: list[NotOffered] = field(default_factory=list)


def rejected_rows(report: Report, ledger: Ledger, feed: Feed | None) -> Rejected:
    """Give the rows that failed, as many as can be corrected."""
    failed = report.total("failed")
    if not failed:
        return Rejected()
    removal, unread = NotOffered(_REMOVAL, "Its page says why."), NotOffered(_UNREAD, _CORRECT_FILE)
    too_long = NotOffered(_TOO_MUCH_TEXT, _CORRECT_FILE)
    staged = [each.row for each in ledger.failed(MOST_REJECTED)]
    found = [_staged_row(each) for each in staged if each.line]
    removal.rows = len(staged) - len(found)
    known = {(each.line, each.kind.name, each.external_id) for each in staged}
    faults = [
        each
        for each in report.findings(failed=True, most=MOST_REJECTED)
        if isinstance(each, RowFault) and each.line and _named_at(each) not in known
    ]
    found += _unread_rows(faults, feed, unread)
    found.sort(key=lambda each: each.line)
    offered = []
    for each in found:
        if len(each.text) <= MOST_TEXT:
            offered.append(each)
        else:
            too_long.add(each.line)
    beyond = NotOffered(
        f"The form takes {MOST_REJECTED} rows", "Correct these, then import the file again."
    )
    cut = len(offered[MOST_REJECTED:])
    beyond.rows = cut + max(0, failed - len(staged) - len(faults))
    left = [each for each in (unread, too_long, removal, beyond) if each.rows]
    return Rejected(offered[:MOST_REJECTED], left)


def _named_at(fault: Finding) -> tuple[int, str, str]:
    return fault.line, fault.kind.name if fault.kind else "", fault.external_id


def _staged_row(row: Row) -> RejectedRow:
    text = msgspec.json.encode(own_names(row)).decode()
    return RejectedRow(row.line, row.kind.name, row.external_id, text, is_whole=True)


def _unread_rows(
    faults: list[RowFault], feed: Feed | None, unread: NotOffered
) -> Iterator[RejectedRow]:
    """Give the resources of rows that were not read whole, and count those without any."""
    texts = _texts_of_lines(feed, {each.line for each in faults}) if faults and feed else {}
    is_of_lines = feed is not None and _has_own_lines(feed)
    torn = [each for each in faults if not each.kind]
    # A torn row of a product has all that is known of it, so it goes before the others.
    by_resource: set[tuple[str, str]] = set()
    for fault in [*torn, *(each for each in faults if each.kind)]:
        line, kind, external_id = _named_at(fault)
        if is_of_lines and line in texts:
            yield RejectedRow(line, kind, external_id, texts[line], is_whole=True)
            continue
        found = list(_read_resources(fault))
        for each in found:
            kind, external_id = _resource_in(each)
            if external_id and (kind, external_id) in by_resource:
                continue
            if feed is not None and feed.format.name in SHOPS:
                by_resource.add((kind, external_id))
            text = msgspec.json.encode(each).decode()
            written = "" if fault.kind else texts.get(line, "")[:MOST_WRITTEN]
            yield RejectedRow(line, kind, external_id, text, is_whole=False, written=written)
        if not found:
            unread.add(line)


def _read_resources(fault: RowFault) -> Iterator[Mapping[str, Any]]:
    """Give what was read of a row: at least the kind and the id, where these are known."""
    kind = fault.kind.name if fault.kind else ""
    for each in fault.read or (({},) if kind else ()):
        yield {"type": kind, "external_id": fault.external_id, **each}


def _resource_in(cells: Mapping[str, Any]) -> tuple[str, str]:
    kind, external_id = cells["type"], cells["external_id"]
    return (
        kind if isinstance(kind, str) and kind in KINDS else "",
        external_id if isinstance(external_id, str) else "",
    )


def _has_own_lines(feed: Feed) -> bool:
    """Whether each line of a file is a resource as this API names it."""
    return feed.recognised.carrier == "lines" and feed.format.name not in SHOPS


def _texts_of_lines(feed: Feed, wanted: set[int]) -> dict[int, str]:
    """Give lines of a file of lines or of a table in text, none of another."""
    table = feed.recognised.table
    found: dict[int, str] = {}
    try:
        if table is not None and not table.sheet:
            path, encoding, newline = table.path, table.encoding, ""
        elif _has_own_lines(feed):
            path, encoding, newline = feed.lines_path(), "utf-8", "\n"
        else:
            return {}
        with path.open(encoding=encoding, errors="replace", newline=newline) as file:
            number, is_begun = 0, False
            while len(found) < len(wanted) and (part := file.readline(MOST_TEXT + 3)):
                number += not is_begun
                if number in wanted and not is_begun:
                    found[number] = part.strip("\ufeff\r\n")
                is_begun = not part.endswith(("\n", "\r"))
    except OSError:
        return {}
    return found
