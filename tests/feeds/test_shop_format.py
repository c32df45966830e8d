from __future__ import annotations

from backroom.feeds.fields import Headings
from backroom.feeds.formats import SHOPS
from backroom.feeds.records import Layout


def test_record_lacks_what_guards_spreadsheets() -> None:
    form = SHOPS["woocommerce"]
    record = form.record(Layout(Headings(form.fields)), 2, [("Name", "'=Hat")])
    assert (record.line, record.text("name")) == (2, "=Hat")
