from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.store.forms import Form, filled

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
