"""backroom's own column names: the API's attribute names, and a few of a feed's own.

`type` is the kind of a row. `categories` and `item` have external ids. `custom_metadata.<key>` is
one entry of the metadata. JSON Lines have values. CSV has texts, which `value_of` reads.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import KINDS_BY_WORD
from backroom.feeds.advice import shown
from backroom.feeds.number_style import read_number
from backroom.feeds.rows import ATTRIBUTES_BY_NAME, ORDER, Row, RowFault, relation_of
from backroom.feeds.truth_words import TRUTH_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backroom.catalog.kinds import Form, Kind
    from backroom.feeds.number_style import NumberStyle

METADATA = "custom_metadata"
METADATA_PREFIX = METADATA + "."

_BARE_COLUMNS = ("type", "external_id", "item")
"""Columns whose texts have no blanks round them."""
_RELATIONS = {kind.name: relation_of(kind) for kind in ORDER}
_CLEARED = {name for each in ATTRIBUTES_BY_NAME.values() for name in each} - {"external_id"}
_EMPTY_TEXT = '""'
"""A cell that is the empty text. A cell without anything says nothing.

Text between two of these is that text exactly, with the blanks that are otherwise nothing.
"""

_KINDS_ADVICE = "Write item, variant or category."
_ID_ADVICE = "Give the row the id that it has in the shop, as text."


class _ColumnError(ValueError):
    """What is wrong with the value of a column."""

    def __init__(self, column: str, reason: str, advice: str) -> None:
        super().__init__(f"{column} {reason}")
        self.column = column
        self.advice = advice


def _as_boolean(text: str) -> bool:
    if (word := text.strip().casefold()) not in TRUTH_WORDS:
        raise ValueError(f"{text!r} is neither true nor false")
    return TRUTH_WORDS[word]


def _as_texts(cell: str) -> list[Any]:
    text = cell.strip()
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=list[Any])
        except (msgspec.DecodeError, RecursionError):
            raise ValueError("begins with [ but is not a JSON list") from None
    return [part.strip() for part in text.split("|") if part.strip()]


def _as_object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("is not a JSON object") from None


_CELL_READERS: dict[Form, Callable[[str], Any]] = {
    "text": str,
    "boolean": _as_boolean,
    "texts": _as_texts,
    "object": _as_object,
}


def _readers() -> dict[str, Callable[[str], Any]]:
    readers: dict[str, Callable[[str], Any]] = {}
    for kind in ORDER:
        readers |= {each.name: _CELL_READERS.get(each.form, str) for each in kind.attributes}
        if relation := _RELATIONS[kind.name]:
            readers[relation.name] = _CELL_READERS["texts" if relation.many else "text"]
    return readers


_COLUMN_READERS: dict[str, Callable[[str], Any]] = {"type": str, **_readers()}
COLUMNS = tuple(_COLUMN_READERS)
"""The names of all columns except `custom_metadata.<key>`."""
_EXACT = {name for name, reader in _COLUMN_READERS.items() if reader is str} - {"type"}


NUMBER_COLUMNS = frozenset(
    each.name
    for kind in ORDER
    for each in kind.attributes
    if each.form in {"number", "quantity", "choice"}
)


def value_of(column: str, text: str, numbers: NumberStyle = "point") -> Any:
    """Read the text of a cell as a value of `column`. Raises `ValueError` with the reason."""
    if column in NUMBER_COLUMNS:
        return read_number(text, numbers)
    if _is_marked(text) and column in _EXACT:
        return text[len(_EMPTY_TEXT) : -len(_EMPTY_TEXT)]
    if column in _BARE_COLUMNS:
        return text.strip()
    if text == _EMPTY_TEXT and _COLUMN_READERS.get(column) is str:
        return ""
    return _COLUMN_READERS.get(column, str)(text)


def exact_cell(column: str, text: str) -> str:
    """Write a text as a cell that `value_of` reads as that text."""
    if column not in _EXACT:
        return text
    if not text:
        return _EMPTY_TEXT
    bare = column in _BARE_COLUMNS and text != text.strip()
    if bare or not text.strip() or text == _EMPTY_TEXT or _is_marked(text):
        return f"{_EMPTY_TEXT}{text}{_EMPTY_TEXT}"
    return text


def _is_marked(text: str) -> bool:
    return (
        text.startswith(_EMPTY_TEXT)
        and text.endswith(_EMPTY_TEXT)
        and len(text) >= 2 * len(_EMPTY_TEXT)
    )


def meant(column: str) -> str | None:
    """Give the column whose name is most like an unknown name, or None if none is like it."""
    return next(iter(get_close_matches(column.lower(), COLUMNS, n=1, cutoff=0.75)), None)


def row_from(line: int, cells: Mapping[str, Any]) -> Row | RowFault:
    """Make a row of the values of one line, which are given by column."""
    # A null clears an attribute or an entry of the metadata. Elsewhere it says nothing.
    values = {
        column: value
        for column, value in cells.items()
        if value is not None or column in _CLEARED or column.startswith(METADATA_PREFIX)
    }
    external_id = values.get("external_id")
    shown_id = external_id if isinstance(external_id, str) else ""
    kind = _kind_of(values.get("type"))
    if isinstance(kind, str):
        fault = RowFault(line, kind, None, shown_id, "type", advice=_KINDS_ADVICE)
    elif not shown_id:
        reason = "must be text" if external_id is not None else "is missing"
        fault = RowFault(line, f"external_id {reason}", kind, "", "external_id", advice=_ID_ADVICE)
    else:
        try:
            return _row_of_values(line, kind, shown_id, values)
        except _ColumnError as error:
            fault = RowFault(line, str(error), kind, shown_id, error.column, advice=error.advice)
    return replace(fault, value=shown(cells.get(fault.column)), read=(cells,))


def own_names(row: Row) -> dict[str, Any]:
    """Give a row as JSON Lines have it."""
    cells: dict[str, Any] = {"type": row.kind.name, "external_id": row.external_id}
    for name, value in row.attributes.items():
        if name == METADATA and row.merges and isinstance(value, dict):
            cells |= {METADATA_PREFIX + key: held for key, held in value.items()}
        else:
            cells[name] = value
    relation = relation_of(row.kind)
    if relation is not None and row.related is not None:
        cells[relation.name] = list(row.related) if relation.many else next(iter(row.related), None)
    return cells


def _kind_of(value: Any) -> Kind | str:
    """Give the kind, or a text that says what is wrong."""
    if value is None:
        return "type is missing"
    kind = KINDS_BY_WORD.get(value.strip().lower()) if isinstance(value, str) else None
    return kind or f"type is {value!r}, which is not item, variant or category"


def _row_of_values(line: int, kind: Kind, external_id: str, values: dict[str, Any]) -> Row:
    metadata = {
        column.removeprefix(METADATA_PREFIX): values.pop(column)
        for column in tuple(values)
        if column.startswith(METADATA_PREFIX)
    }
    merges = bool(metadata) and values.get(METADATA) is None
    if metadata:
        rest = values.get(METADATA) or {}
        if not isinstance(rest, dict):
            raise _ColumnError(METADATA, "is not an object", "Write a JSON object.")
        values[METADATA] = rest | metadata
    relation = _RELATIONS[kind.name]
    related = _ids_in(relation.name, values, many=relation.many) if relation else None
    known = ATTRIBUTES_BY_NAME[kind.name]
    return Row(
        line,
        kind,
        external_id,
        {name: values[name] for name in known if name in values and name != "external_id"},
        related,
        tuple(column for column in values if column not in known and column != "type"),
        merges,
    )


def _ids_in(column: str, values: dict[str, Any], *, many: bool) -> tuple[str, ...] | None:
    if (value := values.pop(column, None)) is None:
        return None
    ids = value if many else [value]
    if not isinstance(ids, list) or not all(isinstance(each, str) and each for each in ids):
        wanted = "a list of external ids" if many else "an external id"
        raise _ColumnError(column, f"must be {wanted}", f"Write {wanted}, which are texts.")
    return tuple(ids)
