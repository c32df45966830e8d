"""The table of a format: which fields it has, by which headings, and what becomes of each.

`scripts/make_reference.py` writes the page on feeds from these tables, so code and page agree.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FieldForm = Literal["text", "price", "quantity", "metadata", "variant metadata"]
"""How the cells of a field are read. Metadata is kept as it is written."""
NOTHING = "nothing"
"""What a mapping calls a column that is left out. It is a field that no format reads."""
_NUMBERED = "{n}"
_ANY_PLACE = "{any}"


@dataclass(frozen=True)
class Field:
    """One field of a format.

    A heading may hold `{n}`, which is a number, or `{any}`, which is any text.
    """

    name: str
    headings: tuple[str, ...]
    becomes: str
    """What becomes of it, for people."""
    form: FieldForm = "text"


def kept(headings: Iterable[str], *, form: FieldForm = "metadata") -> tuple[Field, ...]:
    """Make fields that are metadata under their own headings."""
    whose = "variant's" if form == "variant metadata" else "item's"
    words = f"the {whose} `custom_metadata`, as written"
    return tuple(Field(heading, (heading,), words, form) for heading in headings)


@lru_cache(maxsize=10_000)
def normal_heading(heading: str) -> str:
    """Give a heading as headings are compared: without case, accents' forms and blanks round it."""
    text = unicodedata.normalize("NFKC", heading).replace("\ufeff", "").replace("\u2019", "'")
    return " ".join(text.casefold().replace("_", " ").split())


class Headings:
    """Finds the fields of a format by the headings of a file."""

    def __init__(self, fields: Iterable[Field], renamed: Mapping[str, str] | None = None) -> None:
        """`renamed` has names of fields by headings, which go first."""
        self._plain: dict[str, tuple[str, Field]] = {}
        self._patterns: list[tuple[re.Pattern[str], Field]] = []
        self._known: dict[str, tuple[str, Field] | None] = {}
        self.by_name: dict[str, Field] = {}
        by_name = self.by_name
        for field in fields:
            by_name[field.name] = field
            for heading in field.headings:
                normal = normal_heading(heading)
                if _NUMBERED in normal or _ANY_PLACE in normal:
                    pattern = re.escape(normal)
                    pattern = pattern.replace(re.escape(_NUMBERED), "([0-9]{1,3})")
                    pattern = pattern.replace(re.escape(_ANY_PLACE), "(.*)")
                    self._patterns.append((re.compile(pattern), field))
                else:
                    self._plain.setdefault(normal, (field.name, field))
        for heading, name in (renamed or {}).items():
            self._rename(normal_heading(heading), name, by_name)

    def _rename(self, heading: str, name: str, by_name: Mapping[str, Field]) -> None:
        if name == "metadata":
            self._known[heading] = None
        elif name == NOTHING:
            self._plain[heading] = (name, Field(name, (), "left out"))
        elif name in by_name:
            self._plain[heading] = (name, by_name[name])
        else:
            numberless = re.sub("[0-9]+", _NUMBERED, name, count=1)
            if numberless not in by_name:
                raise FeedError(f"has a mapping to {name!r}, which is not a field of its format")
            self._plain[heading] = (name, by_name[numberless])

    def find(self, heading: str) -> tuple[str, Field] | None:
        """Give the name of a field, with its number where it has one, and the field."""
        normal = normal_heading(heading)
        if normal not in self._known:
            self._known[normal] = self._find(normal)
        return self._known[normal]

    def _find(self, normal: str) -> tuple[str, Field] | None:
        if normal in self._plain:
            return self._plain[normal]
        for pattern, field in self._patterns:
            if found := pattern.fullmatch(normal):
                return field.name.replace(_NUMBERED, found[1] if found.groups() else ""), field
        return None
