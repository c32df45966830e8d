from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store.forms import NOTHING, Form, as_gathered, filled, gathered

if TYPE_CHECKING:
    from backroom.store.database import Database

COLUMNS = "(select 7 as number, 'a%s' as name)"


def test_blanks_are_filled_in_order(database: Database) -> None:
    form = Form("100%%: %s, %s, %s, %s", ("name", "number", "url", "name"))
    sql = f"select {filled(form, 'form')} from {COLUMNS} r"
    with database.read() as tx:
        assert tx.one(sql, form=form.text, url="%s") == ("100%: a%s, 7, %s, a%s",)


def test_form_without_blanks_is_itself(database: Database) -> None:
    form = Form("100%%", ())
    with database.read() as tx:
        assert tx.one(f"select {filled(form, 'form')}", form=form.text) == ("100%",)


@pytest.mark.parametrize(("ascending", "far"), [(True, 3), (False, 1)])
@pytest.mark.parametrize("onward", [True, False])
def test_rows_are_put_together(
    database: Database, far: int, *, ascending: bool, onward: bool
) -> None:
    parts = [f"select {n} as place, '{'ä' * n}{n}' as text" for n in (1, 2, 3)]
    order = "asc" if ascending else "desc"
    rows = f"select * from ({' union all '.join(parts)}) r order by place {order} limit 9"
    with database.read() as tx:
        row = tx.one(gathered(tx.dialect, rows, ascending=ascending, onward=onward))
    texts = ["ä1", "ää2", "äää3"]
    expected = ",".join(texts if ascending is onward else reversed(texts)).encode()
    assert row is not None
    assert as_gathered(row) == (3, far, 2 * far + 1, expected)


def test_nothing_is_put_together(database: Database) -> None:
    with database.read() as tx:
        rows = "select 1 as place, 'a' as text where 1 = 2"
        row = tx.one(gathered(tx.dialect, rows, ascending=True, onward=True))
    assert row is not None
    assert as_gathered(row) == NOTHING


def test_row_without_text_fits_nowhere(database: Database) -> None:
    with database.read() as tx:
        rows = "select 1 as place, 'a' as text union all select 2, null"
        row = tx.one(gathered(tx.dialect, rows, ascending=True, onward=True))
    assert row is not None
    assert as_gathered(row) is None
