"""A page of a list: where it begins, and the links to the pages around it.

Pages go by a number that orders the list, never by a count of rows: so a row that is added or
removed meanwhile moves no other row to another page. A cursor names a border and a direction.
`onward` is the direction of the list, as `next` links go; `prev` links go the other way, and their
rows are turned round before they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from backroom.api.cursors import Cursor
from backroom.errors import InvalidCursor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backroom.api.admission import Admitted
    from backroom.api.wire import Document

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where a page begins: beyond `border`, or at an end of the list. It goes `onward` or back."""

    border: int | None
    onward: bool


@dataclass(frozen=True)
class Ordering:
    """How a list is ordered: by numbers of at most `bits` bits that go up or down.

    `number` makes such a number of the column that the store orders by. `end` is the number beyond
    the last one.
    """

    descending: bool
    bits: int = 63
    number: Callable[[Any], int] = int

    @property
    def end(self) -> int:
        return 0 if self.descending else 2**self.bits - 1

    def has(self, place: Place) -> bool:
        """Whether a page can begin there, and the links on both sides of it be written."""
        border = place.border
        if border is None or border == self.end:
            return True
        beside = border + (1 if self.ascends(place) else -1)
        return not border >> self.bits and 0 <= beside < 2**self.bits

    def ascends(self, place: Place) -> bool:
        """Whether rows are read upwards from the border."""
        return place.onward != self.descending


class Pager:
    """One request for a page: reads its cursor, cuts the rows that were read, makes the links."""

    def __init__(self, admitted: Admitted, ordering: Ordering) -> None:
        """Read the cursor. Raises `InvalidCursor`."""
        self._admitted = admitted
        self._ordering = ordering
        sent = admitted.query.cursor
        self.place = Place(None, onward=True)
        if sent is not None:
            self.place = Place(*admitted.cursors.read(sent, self._subject))
            if not ordering.has(self.place):
                raise InvalidCursor

    @cached_property
    def _subject(self) -> str:
        """The list that a cursor belongs to. Its URL would not do: an id has several spellings."""
        admitted = self._admitted
        return (
            f"{admitted.account} {admitted.operation.name} {admitted.resource_id!r}"
            f" {admitted.query.described}"
        )

    @property
    def ascending(self) -> bool:
        """Whether the rows are read upwards."""
        return self._ordering.ascends(self.place)

    @property
    def size(self) -> int:
        """How many rows the page holds at most."""
        return self._admitted.query.size

    @property
    def wanted(self) -> int:
        """How many rows to read: one more than a page has, to see whether another page follows."""
        return self.size + 1

    def cut(
        self, rows: Sequence[T], fitting: Sequence[T], place: Callable[[T], Any]
    ) -> tuple[list[T], Document]:
        """Give the rows of the page in the order of the list, and the links.

        `rows` are up to `wanted`, nearest to the border first. `fitting` are those of them, from
        the first on, that the page holds. `place` gives the column of a row that the store orders
        by.
        """
        page = list(fitting)
        beyond = rows[len(page)] if len(rows) > len(page) else None
        if not self.place.onward:
            page.reverse()
        return page, self._links_around(None if beyond is None else place(beyond))

    def _links_around(self, beyond: Any) -> Document:
        """Make the links of a page. `beyond` is the place of the row after it, if there is one."""
        onward, step = self.place.onward, 1 if self.ascending else -1
        away = back = None
        if beyond is not None:
            # The row that was read beyond the page is the first of the next page. A page begins
            # beyond its border, so the border is one step before that row.
            away = Cursor(self._ordering.number(beyond) - step, onward)
        border = self.place.border
        # A page with a border has a page on the other side, unless it began at the very end.
        if border is not None and border != self._ordering.end:
            # One step into this page, so that a row at the border itself is on the other page.
            back = Cursor(border + step, not onward)
        return self._links(away, back) if onward else self._links(back, away)

    def _links(self, following: Cursor | None, preceding: Cursor | None) -> Document:
        """Make the links. A link to a page that does not exist is null (observed)."""
        url = self._admitted.request.url
        path, _, query = url.partition("?")
        kept = [part for part in query.split("&") if part and not _names_cursor(part)]
        links = {
            "self": url,
            "next": self._link(path, kept, following),
            "prev": self._link(path, kept, preceding),
        }
        if self._admitted.revision.links_first_and_last:
            links["first"] = f"{path}?{'&'.join(kept)}" if kept else path
            links["last"] = self._link(path, kept, Cursor(self._ordering.end, onward=False))
        return links

    def _link(self, path: str, kept: list[str], cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        # The cursor stands last, because some clients take everything that follows its name.
        value = self._admitted.cursors.write(cursor, self._subject)
        return f"{path}?{'&'.join([*kept, f'page%5Bcursor%5D={value}'])}"


def _names_cursor(part: str) -> bool:
    name = part.partition("=")[0].lower()
    return name.replace("%5b", "[").replace("%5d", "]") == "page[cursor]"
