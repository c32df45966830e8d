"""Rows of a feed completed, so that a test names only what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import KINDS_BY_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backroom.catalog.kinds import Kind

_PLAIN_ATTRIBUTES: dict[str, Any] = {
    "title": "{external_id}",
    "name": "{external_id}",
    "description": "",
    "url": "https://shop.example/{external_id}",
    "sku": "{external_id}",
    "price": 1,
    "inventory_quantity": 1,
}
"""The values of attributes that a create has to give, if the row does not give them."""


def is_whole(row: Mapping[str, Any]) -> bool:
    """Whether a row has everything that a create must give, or can't be completed."""
    kind = KINDS_BY_WORD.get(row.get("type", ""))
    return kind is None or "external_id" not in row or not _missing(kind, row)


def completed_rows(
    rows: Iterable[Mapping[str, Any]], existing: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Give rows with what they leave out: what `existing` has, or else plain values."""
    known = {(each["type"], each["external_id"]): each for each in existing}
    return [_completed(each, known) for each in rows]


def _completed(
    row: Mapping[str, Any], known: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, Any]:
    if is_whole(row):
        return dict(row)
    kind, external_id = KINDS_BY_WORD[row["type"]], row["external_id"]
    plain = {
        name: value.format(external_id=external_id) if isinstance(value, str) else value
        for name, value in _PLAIN_ATTRIBUTES.items()
        if name in _required(kind)
    }
    return {**plain, **known.get((kind.name, external_id), {}), **row}


def _missing(kind: Kind, row: Mapping[str, Any]) -> set[str]:
    return _required(kind) - row.keys()


def _required(kind: Kind) -> set[str]:
    return {each.name for each in kind.attributes if each.create == "required"}
