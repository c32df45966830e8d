from __future__ import annotations

import re

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.store import page_statements
from backroom.store.dialects import POSTGRES, SQLITE, Dialect
from backroom.store.page_statements import Columns, PageForm

both_dialects = pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=lambda each: each.name)


def form(
    kind: Kind,
    *,
    ids: bool = False,
    related: tuple[str, ...] = (),
    equal: tuple[str, ...] = (),
    parts: int = 0,
    words_first: bool = False,
) -> PageForm:
    return PageForm(
        kind,
        ascending=True,
        bordered=True,
        by_external_ids=ids,
        related=related,
        equal=equal,
        parts=parts,
        words_first=words_first,
        ordered=not ids,
    )


FIRST = {
    "items r": [form(ITEM), form(ITEM, equal=("published",))],
    "json_each(:external_ids) given": [form(ITEM, ids=True, parts=1)],
    "variants r": [form(VARIANT, equal=("sku",), parts=1), form(VARIANT, related=("item",))],
    "items_grams": [
        form(ITEM, parts=2),
        form(ITEM, related=("category",), parts=1, words_first=True),
    ],
    "item_categories l": [
        form(ITEM, related=("category",), parts=1),
        form(CATEGORY, related=("item",)),
    ],
}


@pytest.mark.parametrize("table", FIRST)
def test_selective_conditions_drive(table: str) -> None:
    for each in FIRST[table]:
        sql = page_statements.page_statement(SQLITE, each, Columns(attributes=False))
        assert re.search(r" from (.*?)(?: cross join| where)", sql).group(1) == table  # type: ignore[union-attr]


@both_dialects
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_borders_bound_every_walk(dialect: Dialect, kind: Kind) -> None:
    for each in (form(kind), form(kind, parts=1)):
        sql = page_statements.page_statement(dialect, each, Columns())
        assert sql.count(":border") == sql.count(" order by ") - sql.count("order by number")


@both_dialects
def test_walk_comes_before_unordered_words(dialect: Dialect) -> None:
    sql = page_statements.page_statement(dialect, form(ITEM, parts=1), Columns())
    assert ("not (select so from enough)" in sql) is not dialect.search.in_order


@both_dialects
def test_equal_forms_share_a_statement(dialect: Dialect) -> None:
    one, other = [page_statements.page_statement(dialect, form(ITEM), Columns()) for _ in range(2)]
    assert one is other
