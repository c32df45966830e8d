from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store.forms import NOTHING, Form, Gathered, Rows, as_gathered, filled, gathering

if TYPE_CHECKING:
    from backroom.store.database import Database

COLUMNS = "(select 7 as number, 'a%s' as name)"


def gathered(
    database: Database, rows: Rows, *, ascending: bool = True, onward: bool = True
) -> Gathered | None:
    sql = gathering(database.dialect, rows, ascending=ascending, onward=onward)
    with database.read() as tx:
        return as_gathered(tx.dialect, tx.all(sql), onward=onward)


def of(selected: str, order: str = "asc") -> Rows:
    """Rows of places and texts."""
    return Rows(
        lambda columns: f"select {columns} from ({selected}) r order by n {order} limit 9",
        "n",
        "t",
        "t",
    )


def test_blanks_are_filled_in_order(database: Database) -> None:
    form = Form(("100%: ", ", ", ", ", ", ", ""), ("name", "number", "url", "name"))
    (text,), values = filled(database.dialect, form)
    with database.read() as tx:
        row = tx.one(f"select {text} from {COLUMNS} r", **values, url="%s")
    assert row == ("100%: a%s, 7, %s, a%s",)


def test_form_without_blanks_is_itself(database: Database) -> None:
    (text,), values = filled(database.dialect, Form(("100%s",), ()))
    with database.read() as tx:
        assert tx.one(f"select {text}", **values) == ("100%s",)


def test_equal_forms_share_values(database: Database) -> None:
    form = Form(("a", "a"), ("name",))
    texts, values = filled(database.dialect, form, form)
    assert texts[0] == texts[1]
    assert len(values) == 1


@pytest.mark.parametrize(("ascending", "far"), [(True, 3), (False, 1)])
@pytest.mark.parametrize("onward", [True, False])
def test_rows_are_put_together(
    database: Database, far: int, *, ascending: bool, onward: bool
) -> None:
    texts = ["ä1", "ää2", "äää3"]
    selected = " union all ".join(f"select {n} as n, '{t}' as t" for n, t in enumerate(texts, 1))
    rows = of(selected, "asc" if ascending else "desc")
    found = gathered(database, rows, ascending=ascending, onward=onward)
    expected = ",".join(texts if ascending is onward else reversed(texts)).encode()
    assert found is not None
    assert found[:4] == (3, far, 2 * far + 1, expected)
    assert sorted(found.names.decode()) == sorted("".join(texts))


def test_nothing_is_put_together(database: Database) -> None:
    assert gathered(database, of("select 1 as n, 'a' as t where 1 = 2")) == NOTHING


def test_row_without_text_fits_nowhere(database: Database) -> None:
    assert gathered(database, of("select 1 as n, 'a' as t union all select 2, null")) is None
