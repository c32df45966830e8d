"""Feeds in XML, element by element: each record's direct children, in bounded memory.

The parser is Expat, as Python brings it. A document type is refused where it begins, so there are
no entities that could grow, and nothing outside of the file is ever read. Names are compared by
namespace, whatever the prefix.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from backroom.feeds.read_progress import unfollowed
from backroom.feeds.rows import LONGEST_LINE, FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.read_progress import Follow

GOOGLE = "http://base.google.com/ns/1.0"
ATOM = "http://www.w3.org/2005/Atom"
_PLAIN_NAMESPACES = {
    "",
    ATOM,
    "http://purl.org/atom/ns#",
    "http://purl.org/rss/1.0/",
    "http://backend.userland.com/rss2",
}
_RECORD_ELEMENTS = {
    **dict.fromkeys(("rss", "RDF", "channel", "items"), "item"),
    "feed": "entry",
    "products": "product",
}
"""The element of one record, by the root."""
_DEEPEST_ELEMENT = 50
_XML_READ_BYTES = 1 << 18
_LONGEST_TAG = 1_000
"""Bytes of an end tag."""
_SEPARATOR = "\n"
_MOST_NAMES = 10_000
"""Names of elements that are remembered. A hostile file may have others in each record."""
_CODES_OF_CUT_FILES = {
    expat.errors.codes[each]
    for each in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN)
}


def root_of(start: bytes) -> tuple[str, str]:
    """Give the namespace and the name of the root element, by the first bytes of a file.

    Raises `FeedError` where there is none, or a document type.
    """
    found: list[str] = []
    parser = _guarded(None)
    parser.StartElementHandler = lambda name, _: found.append(name)
    try:
        parser.Parse(start, False)  # noqa: FBT003 - not the last bytes
    except expat.ExpatError as error:
        if not found:
            raise _not_well_formed(error) from None
    except (LookupError, UnicodeError) as error:
        raise FeedError(f"can't be read: its XML declaration names an encoding: {error}") from None
    if not found:
        raise FeedError("is not an XML feed: it has no root element")
    namespace, _, name = found[0].rpartition(_SEPARATOR)
    return namespace, name


def is_feed_root(name: str) -> bool:
    """Whether records are known to be in a root element of this name."""
    return name in _RECORD_ELEMENTS or name.lower() in _RECORD_ELEMENTS


def xml_records(
    path: Path, encoding: str | None = None, follow: Follow = unfollowed
) -> Iterator[tuple[int, list[tuple[str, Any]] | str]]:
    """Give the line of each record with its children: names and texts.

    A child with children of its own is an object. Raises `FeedError` if the file is not well-formed
    or has a document type.
    """
    collector = _Collector(encoding)
    parser = collector.parser
    try:
        with path.open("rb") as file:
            follow(file)
            read = 0
            while chunk := file.read(_XML_READ_BYTES):
                parser.Parse(chunk, False)  # noqa: FBT003 - not the last bytes
                read += len(chunk)
                yield from collector.taken(read)
            parser.Parse(b"", True)  # noqa: FBT003 - the last bytes
    except expat.ExpatError as error:
        raise _not_well_formed(error) from None
    except (LookupError, UnicodeError) as error:
        raise FeedError(f"can't be read: its XML declaration names an encoding: {error}") from None
    yield from collector.taken(read)


def record_ranges(path: Path, encoding: str | None = None) -> Iterator[tuple[int, int]]:
    """Give the bytes at which each record begins and ends. Raises what `xml_records` raises."""
    found = _Ranges(path, encoding)
    with path.open("rb") as file:
        while chunk := file.read(_XML_READ_BYTES):
            found.parser.Parse(chunk, False)  # noqa: FBT003 - not the last bytes
            yield from found.taken()
        found.parser.Parse(b"", True)  # noqa: FBT003 - the last bytes
    yield from found.taken()


class _Ranges:
    """Where records stand in a file."""

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.parser = _guarded(encoding)
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self._path = path
        self._record_name = ""
        self._depth = 0
        self._record_depth = 0
        self._began = 0
        self._done: list[tuple[int, int]] = []

    def taken(self) -> Iterator[tuple[int, int]]:
        done, self._done = self._done, []
        with self._path.open("rb") as file:
            for began, ended in done:
                yield began, _end_of_tag(file, began, ended)

    def _begin(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(_SEPARATOR)[2]
        self._depth += 1
        if self._depth == 1:
            self._record_name = _record_name(local)
        elif not self._record_depth and self._record_name in {local, local.lower()}:
            self._record_depth = self._depth
            self._began = self.parser.CurrentByteIndex

    def _end(self, _: str) -> None:
        if self._depth == self._record_depth:
            self._done.append((self._began, self.parser.CurrentByteIndex))
            self._record_depth = 0
        self._depth -= 1


def _end_of_tag(file: IO[bytes], began: int, ended: int) -> int:
    """Give where an element ends. The parser says where its end tag begins, if it has one."""
    file.seek(began)
    written = file.read(ended - began).replace(b"\0", b"")
    if written.endswith(b"/>") and b"<" not in written[1:]:
        return ended
    file.seek(ended)
    tag = file.read(_LONGEST_TAG)
    after = tag.index(b">") + 1
    # UTF-16 with the lower byte first has one more.
    little_endian = tag[1:2] == b"\0"
    return ended + after + little_endian


def _record_name(root: str) -> str:
    return _RECORD_ELEMENTS.get(root) or _RECORD_ELEMENTS.get(root.lower(), "")


def _guarded(encoding: str | None) -> expat.XMLParserType:
    parser = expat.ParserCreate(encoding, namespace_separator=_SEPARATOR)
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise FeedError(
            f"has a document type (DTD) in line {parser.CurrentLineNumber}, which may hold anything"
            " and is not read: take the line with <!DOCTYPE out"
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = None
    return parser


def _not_well_formed(error: expat.ExpatError) -> FeedError:
    is_cut = error.code in _CODES_OF_CUT_FILES
    unbound = error.code == expat.errors.codes[expat.errors.XML_ERROR_UNBOUND_PREFIX]
    return FeedError(
        f"is {'cut off' if is_cut else 'not well-formed XML'}: {expat.ErrorString(error.code)},"
        f" in line {error.lineno}, column {error.offset + 1}"
        + (f'; write xmlns:g="{GOOGLE}" into the first element' if unbound else "")
    )


class _Collector:
    """The records of a file. The parser calls these methods for each element, so they do little."""

    def __init__(self, encoding: str | None) -> None:
        self.parser = _guarded(encoding)
        self._record_name = ""
        self._outside = 0
        """How many elements are open that are in no record, with the record itself."""
        self._open: list[str] = []
        """The names of the elements that are open within a record."""
        self._children: dict[int, dict[str, Any]] = {}
        """The children of open elements that have any, by the depth of the element."""
        self._texts: list[str] = []
        self._began = 0
        self._line = 0
        self._google: list[tuple[str, Any]] = []
        self._plain: list[tuple[str, Any]] = []
        self._shown: dict[str, tuple[str, bool]] = {}
        """The names of children as they are given, and whether they are Google's."""
        self._done: list[tuple[int, list[tuple[str, Any]] | str]] = []
        self._be_outside()

    def taken(self, read: int) -> list[tuple[int, list[tuple[str, Any]] | str]]:
        """Give the records that have ended. `read` is how many bytes were parsed."""
        if self.parser.CharacterDataHandler:
            self._check_length(read)
        done, self._done = self._done, []
        return done

    def _be_outside(self) -> None:
        self.parser.StartElementHandler = self._begin_outside
        self.parser.EndElementHandler = self._end_outside
        self.parser.CharacterDataHandler = None

    def _begin_outside(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(_SEPARATOR)[2]
        self._outside += 1
        self._check_depth()
        if self._outside == 1:
            self._record_name = _record_name(local)
        elif self._record_name in {local, local.lower()}:
            parser = self.parser
            self._line, self._began = parser.CurrentLineNumber, parser.CurrentByteIndex
            self._google, self._plain = [], []
            self._texts.clear()
            parser.StartElementHandler = self._begin
            parser.EndElementHandler = self._end
            parser.CharacterDataHandler = self._texts.append

    def _end_outside(self, _: str) -> None:
        self._outside -= 1

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        # An element with children is made of them alone: what was its text is dropped.
        self._texts.clear()
        if self._open:
            self._children.setdefault(len(self._open), {})
        self._open.append(name)
        if len(self._open) > 1:
            self._check_depth()
        if attributes and "href" in attributes and name.rpartition(_SEPARATOR)[2] == "link":
            is_alternate = attributes.get("rel", "alternate") == "alternate"
            self._texts += [attributes["href"]] if is_alternate else []

    def _end(self, _: str) -> None:
        if not self._open:
            self._finish()
            return
        name = self._open.pop()
        depth = len(self._open)
        children = self._children.pop(depth + 1, None) if self._children else None
        value: Any = children or "".join(self._texts)
        if depth:
            local, held = name.rpartition(_SEPARATOR)[2], self._children[depth]
            held[local] = f"{held[local]}, {value}" if local in held else value
            return
        shown, is_google = self._shown.get(name) or self._show(name)
        (self._google if is_google else self._plain).append((shown, value))

    def _show(self, name: str) -> tuple[str, bool]:
        namespace, _, local = name.rpartition(_SEPARATOR)
        is_google = namespace == GOOGLE
        is_plain = is_google or namespace in _PLAIN_NAMESPACES
        found = local if is_plain else f"{{{namespace}}}{local}", is_google
        if len(self._shown) < _MOST_NAMES:
            self._shown[name] = found
        return found

    def _finish(self) -> None:
        self._check_length(self.parser.CurrentByteIndex)
        pairs = self._google
        if pairs and self._plain:
            names = {name for name, _ in pairs}
            pairs = pairs + [pair for pair in self._plain if pair[0] not in names]
        self._done.append((self._line, pairs or self._plain))
        self._outside -= 1
        self._be_outside()

    def _check_depth(self) -> None:
        if self._outside + len(self._open) > _DEEPEST_ELEMENT:
            raise FeedError(f"is nested too deep in line {self.parser.CurrentLineNumber}")

    def _check_length(self, until: int) -> None:
        if until - self._began > LONGEST_LINE:
            raise FeedError(
                f"has an element in line {self._line} that is longer than"
                f" {LONGEST_LINE // 1_000_000} MB"
            )
