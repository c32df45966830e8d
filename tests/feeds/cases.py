from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.rows import FeedError, Row, RowFault

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.feeds.rows import Finding

OPTIONS = FeedOptions(today=date(2026, 1, 15), shop_url="https://shop.example/p/{handle}")


def expected_of(path: Path) -> bytes:
    """What comes of a feed, as JSON that people can read."""
    try:
        feed = open_feed(path, options=OPTIONS)
        rows = [_shown(each) for each in feed.rows()]
        found: Any = {"described": feed.described, "rows": rows}
    except FeedError as error:
        found = {"refused": str(error)}
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def _shown(row: Row | Finding) -> dict[str, Any]:
    if isinstance(row, Row):
        shown = {"line": row.line, row.kind.name: row.external_id, **row.attributes}
        if row.related is not None:
            shown["related"] = row.related
        if row.left_out:
            shown["left_out"] = row.left_out
        return shown
    kind = row.kind.name if row.kind else None
    shown = {
        "line": row.line,
        "fault" if isinstance(row, RowFault) else "warning": row.detail,
        "of": [kind, row.external_id],
        "column": row.column,
        "value": row.value,
        "advice": row.advice,
    }
    return {name: value for name, value in shown.items() if value not in ("", [None, ""])}
