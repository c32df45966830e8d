"""What a merchant should change in a feed if the server refuses a value or a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.feeds.rows import ATTRIBUTES_BY_NAME, Row, RowFault, relation_of

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind

CREATE_IT = "Import the feed with --mode upsert, which creates what is missing."
LEAVE_IT_OUT = "Leave the row out: there is nothing to delete."
UPDATE_IT = "Import the feed with --mode upsert, which updates what exists."
_LONGEST_VALUE = 200
_BY_FORM = {
    "number": "Write a number with a point, such as 1299.95.",
    "quantity": "Write a number, such as 12.",
    "boolean": "Write true or false.",
    "texts": "Write a list of texts.",
    "object": "Write a JSON object.",
    "text": "Write a text, not longer than the attribute may be.",
}
_OF_RECORDS = {
    "cells where": "Give the row as many cells as the first line has, empty ones at its end with"
    " them. A cell that holds a line break, or what stands between cells, needs quotes round it.",
    "is not CSV": "Close the quotes of the row, and write quotes within a cell twice.",
    "encoding": "Save the file again, or give its encoding by --encoding.",
    "JSON object": "Write a JSON object.",
    "is not JSON": "Write the row as one JSON object in one line, from { to }.",
    "longer than": "Shorten the row.",
    "larger than": "Shorten the texts or the metadata of the row.",
    "nested too deep": "Put fewer objects and lists into each other.",
    "says nothing": "Import the feed again, which compares the row with the server once more.",
    "not Unicode text": "Write the texts in UTF-8.",
    "attributes must be": "Write the attributes of the resource as a JSON object.",
}
"""What to do about a record that can't be read or sent, by words of what is wrong."""
_EXISTS = "already exists"
_TOO_LONG = "no more than"
_MISSING = re.compile("does not exist|^No .* exists")


def refused(row: Row, detail: str, member: str = "") -> RowFault:
    """Make the fault of a row that the server refuses: `member` is the part that is wrong."""
    first = member.partition("/")[0]
    column = "external_id" if first == "id" else first
    return RowFault(
        row.line,
        detail,
        row.kind,
        row.external_id,
        column,
        shown(_value_of(row, column)),
        _advice(row, column, detail),
    )


def record_fault(
    line: int,
    detail: str,
    kind: Kind | None = None,
    external_id: str = "",
    *,
    value: str = "",
    read: tuple[Any, ...] = (),
) -> RowFault:
    """Make the fault of a record that can't be read, or that is too much for a request."""
    advice = _advice_on_record(detail)
    return RowFault(line, detail, kind, external_id, value=value, advice=advice, read=read)


def _advice_on_record(detail: str) -> str:
    """Say what to change in such a record."""
    return next((advice for words, advice in _OF_RECORDS.items() if words in detail), "")


def shown(value: object) -> str:
    """Give a value of a row as a report shows it, empty for none."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def is_taken(detail: str) -> bool:
    """Whether a server refuses a row because its resource exists already."""
    return _EXISTS in detail


def hangs_on_related(row: Row, member: str, detail: str) -> bool:
    """Whether a server refuses a row because of the resources that the row names."""
    if (relation := relation_of(row.kind)) is None or is_taken(detail):
        return False
    named = relation.name in detail.lower().replace("category", "categories")
    return member.partition("/")[0] == relation.name or (not member and named)


def _value_of(row: Row, column: str) -> object:
    relation = relation_of(row.kind)
    if relation and column == relation.name:
        return ", ".join(row.related or ())
    return row.external_id if column == "external_id" else row.attributes.get(column)


def _advice_on_size(metadata: dict[str, Any]) -> str:
    sizes = {name: len(msgspec.json.encode(value)) for name, value in metadata.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    return (
        f"Leave {largest!r} out, which has {sizes[largest]:,} bytes, or shorten it. In a mapping"
        " 'nothing' leaves a column out."
    )


def _advice(row: Row, column: str, detail: str) -> str:
    of_the_id = column in ("", "external_id")
    if of_the_id and is_taken(detail):
        return UPDATE_IT
    relation = relation_of(row.kind)
    if relation and hangs_on_related(row, column, detail):
        target: Kind = KINDS[relation.target]
        named = ", ".join(row.related or ()) or "none"
        return (
            f"Add a row for each {target.name} that this row names ({named}), correct it if it is"
            " one that failed, or name another."
        )
    if of_the_id and _MISSING.search(detail):
        return CREATE_IT
    if attribute := ATTRIBUTES_BY_NAME[row.kind.name].get(column):
        value = row.attributes.get(column)
        if _TOO_LONG in detail and isinstance(value, dict) and value:
            return _advice_on_size(value)
        choices = " or ".join(map(str, attribute.choices or ()))
        return f"Write {choices}." if choices else _BY_FORM.get(attribute.form, "")
    return _advice_on_record(detail)
