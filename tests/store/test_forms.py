from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from backroom.store.forms import (
    MISFIT,
    NOTHING,
    Form,
    Gathered,
    Reading,
    Rows,
    as_gathered,
    filled,
    gathering,
)
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Database

COLUMNS = "(select 7 as number, 'a%s' as name)"


def gathered(
    database: Database, rows: Rows, *, ascending: bool = True, onward: bool = True
) -> Gathered | None:
    reading = Reading(ascending, onward, "", any_misfits=True)
    with database.read() as tx:
        found = tx.all(gathering(tx.dialect, rows, reading))
        return as_gathered(tx.dialect, found, reading)


def of(texts: Iterable[str], order: str = "asc", awkward: str = "null") -> Rows:
    """Rows that are numbered from 1."""
    each = [f"select {n} as n, '{text}' as t" for n, text in enumerate(texts, 1)]
    select = f"from ({' union all '.join(each)}) r where n < 9 order by n {order} limit 9"
    return Rows("n", "t", lambda columns: f"select {columns} {select}", awkward)


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
    rows = of(texts, "asc" if ascending else "desc")
    found = gathered(database, rows, ascending=ascending, onward=onward)
    expected = ",".join(texts if ascending is onward else reversed(texts)).encode()
    assert found == (3, far, expected, b"")


def test_nothing_is_put_together(database: Database) -> None:
    rows = of(["a"])._replace(
        select=lambda columns: f"select {columns} from (select 1 as n, 'a' as t) r where n > 1"
    )
    assert gathered(database, rows) == NOTHING


def test_misfit_row_fits_nowhere(database: Database) -> None:
    assert gathered(database, of(["a", MISFIT])) is None


@pytest.mark.parametrize(("ascending", "order", "far"), [(True, "asc", 3), (False, "desc", 1)])
def test_awkward_row_fits_nowhere(
    database: Database, order: str, far: int, *, ascending: bool
) -> None:
    beyond = far + 1 if ascending else far - 1
    among = of("abc", order, str(far))
    assert gathered(database, among, ascending=ascending) is None
    assert gathered(database, of("abc", order, str(beyond)), ascending=ascending) is not None


START = '{"id":"'
looking_alike = st.recursive(
    st.none() | st.text(max_size=3) | st.just(f",{START}"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"id": st.text(max_size=3), "more": inner})
    ),
    max_leaves=8,
)


@given(st.lists(looking_alike, min_size=2, max_size=5))
def test_one_row_is_cut_off(held: list[Any]) -> None:
    rows = [msgspec.json.encode({"id": str(n), "more": each}) for n, each in enumerate(held)]
    found = Gathered(len(rows), 1, b",".join(rows), START.encode())
    assert found.cut(last=True) == b",".join(rows[:-1])
    assert found.cut(last=False) == b",".join(rows[1:])
