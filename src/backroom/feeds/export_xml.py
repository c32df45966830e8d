"""Exports in XML: Google Merchant as RSS 2.0 or Atom, and Klaviyo's custom feed."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from backroom.feeds.carriers import Pairs, cell_text
from backroom.feeds.xml_elements import ATOM, GOOGLE

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML 1.0 document can hold, not even by number."""
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_XML_ESCAPES = {"\r": "&#13;"}
"""A reader takes a carriage return that stands there by itself for a line feed."""


class _Xml:
    """Records as elements."""

    is_table = False
    opening = ""
    closing = ""
    record = ""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def carried(self, pairs: Pairs) -> Pairs:
        """Give what XML can hold: texts without some control characters, and objects of texts."""
        found: Pairs = []
        for name, value in pairs:
            if _XML_NAME.fullmatch(name):
                values = value if isinstance(value, list) else [value]
                found += [(name, _held_text(each)) for each in values if each is not None]
        return found

    def expect(self, records: int) -> None:
        """Take any number of records."""

    def begin(self, columns: Sequence[str]) -> None:  # noqa: ARG002 - elements have no columns
        """Open the document."""
        self._put(f'<?xml version="1.0" encoding="UTF-8"?>\n{self.opening}\n')

    def write(self, pairs: Pairs) -> None:
        """Write an element with a child for each value."""
        children = "".join(self._child(name, value) for name, value in pairs)
        self._put(f"<{self.record}>{children}</{self.record}>\n")

    def end(self) -> None:
        """Close the document."""
        self._put(f"{self.closing}\n")

    def _child(self, name: str, value: Any) -> str:
        return _element(name, value)

    def _put(self, text: str) -> None:
        self._file.write(text.encode())


class KlaviyoXml(_Xml):
    """Klaviyo's custom feed."""

    opening, closing, record = "<Products>", "</Products>", "Product"


class GoogleRss(_Xml):
    """Google Merchant as RSS 2.0."""

    opening = (
        f'<rss version="2.0" xmlns:g="{GOOGLE}">\n<channel>\n<title>Catalog</title>\n'
        "<link>https://shop.invalid/</link>\n<description>Products</description>"
    )
    closing = "</channel>\n</rss>"
    record = "item"
    plain = frozenset({"title", "link", "description", "author", "guid", "pubDate"})
    """Elements of RSS itself."""

    def _child(self, name: str, value: Any) -> str:
        return _element(name if name in self.plain else f"g:{name}", value)


class GoogleAtom(GoogleRss):
    """Google Merchant as Atom."""

    opening = f'<feed xmlns="{ATOM}" xmlns:g="{GOOGLE}">\n<title>Catalog</title>'
    closing = "</feed>"
    record = "entry"
    plain = frozenset({"title", "updated", "published", "author"})

    def _child(self, name: str, value: Any) -> str:
        if name == "link" and isinstance(value, str):
            reference = quoteattr(value, {**_XML_ESCAPES, "\n": "&#10;", "\t": "&#9;"})
            return f"<link href={reference}/>"
        if name == "description":
            return _element("summary", value)
        return super()._child(name, value)


def _held_text(value: Any) -> Any:
    if isinstance(value, dict) and value:
        return {
            name: _FORBIDDEN.sub("", cell_text(each))
            for name, each in value.items()
            if _XML_NAME.fullmatch(name) and each is not None and not isinstance(each, (dict, list))
        }
    return _FORBIDDEN.sub("", cell_text(value))


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        prefix = "g:" if name.startswith("g:") else ""
        inner = "".join(_element(f"{prefix}{child}", each) for child, each in value.items())
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(value, _XML_ESCAPES)}</{name}>"
