from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds import joining
from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import SHOPS, open_feed
from backroom.feeds.rows import FeedError, Row, RowFault
from backroom.feeds.spooling import Spool
from feeds.reading import Read, table

if TYPE_CHECKING:
    from pathlib import Path

HEADS = {
    name: heads.split("|")
    for name, heads in {
        "shopify": "Handle|Title|Option1 Value|Variant SKU|Variant Inventory Qty|Price|Published|x",
        "woocommerce": "ID|Type|SKU|Name|Parent|Stock|Regular price|Published",
        "google": "id|title|link|price|item_group_id|availability|quantity|brand",
        "klaviyo": "id|title|link|price|inventory_quantity|inventory_policy|categories|x",
    }.items()
}
cells = st.sampled_from(
    [
        "",
        "",
        "a",
        "b",
        "1",
        "2",
        "-1",
        "19,95",
        "1.299,00",
        "19.95",
        "simple",
        "variable",
        "variation",
        "id:1",
        "maybe",
        '"',
        "a > b",
        "x\ny",
        "ü",
    ]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feed")


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(HEADS)),
    st.lists(st.lists(cells, min_size=8, max_size=8), min_size=1, max_size=6),
    st.permutations(range(8)),
    st.tuples(
        st.sampled_from(",;\t"),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        st.sampled_from(["\n", "\r\n"]),
    ),
)
def test_every_row_loads_or_is_named(
    path: Path, name: str, rows: list[list[str]], order: list[int], dialect: tuple[str, str, str]
) -> None:
    delimiter, encoding, ends = dialect
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ends)
    for row in [HEADS[name], *rows]:
        writer.writerow([row[index] for index in order])
    (path / "feed").write_bytes(text.getvalue().encode(encoding))
    try:
        found = list(
            open_feed(path / "feed", name, FeedOptions(shop_url="https://a.example/{id}")).rows()
        )
    except FeedError as error:
        assert not any(any(row) for row in rows) or "is empty" in str(error)  # noqa: PT017 - either is right
        return
    reported = {each.line for each in found}
    lines = _lines(text.getvalue(), delimiter)
    assert reported <= {1, *lines}
    loaded = {each.line for each in found if isinstance(each, Row)}
    named = {each.line for each in found if not isinstance(each, Row)}
    joined = "image" if name == "shopify" else ""
    for line, row in lines.items():
        by_name = dict(zip([HEADS[name][index] for index in order], row, strict=True))
        is_image = joined and not any(by_name[each] for each in HEADS[name][2:6])
        assert line in loaded | named or is_image, by_name
    for fault in found:
        if isinstance(fault, RowFault):
            assert fault.detail
            assert fault.column


def _lines(text: str, delimiter: str) -> dict[int, list[str]]:
    """The rows that are not empty, by the line in which they begin."""
    found, begins = {}, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for row in reader:
        if any(row) and begins > 1:
            found[begins] = row
        begins = reader.line_num + 1
    return found


def test_order_does_not_matter(tmp_path: Path) -> None:
    rows = ["cap,Cap,S,1", "tie,Tie,,2", "cap,,M,3", "hat,Hat,,4", "cap,,L,5"]
    heads = "Handle,Title,Option1 Value,Price"
    found = [Read(tmp_path, table(heads, *order)) for order in (rows, rows[::-1])]
    shown = [
        {(each.kind.name, each.external_id, str(each.attributes["price"])) for each in one.rows}
        for one in found
    ]
    assert shown[0] == shown[1]


def test_large_files_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"h{number % 50},T{number},{number},{number}.5" for number in range(200)]
    content = table("Handle,Title,Option1 Value,Price", *rows)
    small = Read(tmp_path, content)
    monkeypatch.setattr(joining, "Spool", lambda: Spool(in_memory=100))
    large = Read(tmp_path, content)
    assert sorted(map(str, small.rows)) == sorted(map(str, large.rows))
    assert list(large.feed.rows()) == list(large.feed.rows())


def test_number_style_is_of_the_whole_file(tmp_path: Path) -> None:
    content = table("Handle\tTitle\tPrice", "a\tA\t1.299", "b\tB\t19,95")
    assert Read(tmp_path, content).item("a")["price"] == 1299
    assert Read(tmp_path, content, numbers="point").item("a")["price"] == 1.299


def test_every_format_needs_fields_it_has() -> None:
    for form in SHOPS.values():
        names = {each.name.replace("{n}", "1") for each in form.fields}
        assert all(needed <= names for needed in form.needed)


def test_values_that_can_not_be_kept_are_faults(tmp_path: Path) -> None:
    found = Read(tmp_path, '[{"id":"a","title":"A","link":"u","price":1,"x":' + "9" * 30 + "}]")
    assert [each.detail for each in found.faults] == ["has a whole number of more than 64 bits"]
