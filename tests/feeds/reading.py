from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row, RowFault, RowWarning

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 1, 15)


class Read:
    """What comes of a small feed, for tests to ask."""

    def __init__(self, path: Path, content: str, name: str | None = None, **said: Any) -> None:
        (path / "feed").write_bytes(content.encode())
        self.feed = open_feed(path / "feed", name, FeedOptions(**{"today": TODAY, **said}))
        found = list(self.feed.rows())
        self.rows = [each for each in found if isinstance(each, Row)]
        self.faults = [each for each in found if isinstance(each, RowFault)]
        self.warnings = [each for each in found if isinstance(each, RowWarning)]

    def of(self, kind: str) -> dict[str, Row]:
        return {each.external_id: each for each in self.rows if each.kind.name == kind}

    def item(self, identity: str) -> dict[str, Any]:
        return self.of("item")[identity].attributes

    def variant(self, identity: str) -> dict[str, Any]:
        return self.of("variant")[identity].attributes

    def stock(self, identity: str) -> tuple[Any, Any]:
        found = self.variant(identity)
        return found["inventory_policy"], found["inventory_quantity"]


def table(*rows: str) -> str:
    return "\n".join(rows) + "\n"
