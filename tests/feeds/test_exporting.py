from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS
from backroom.catalog.kinds import VARIANT as VARIANT_KIND
from backroom.feeds import carriers
from backroom.feeds.catalog_spool import CatalogSpool, ReadItem, ReadVariant
from backroom.feeds.exporting import Choice, chosen, export
from backroom.feeds.formats import open_feed
from backroom.feeds.holdings import HOLDINGS
from backroom.feeds.reading_back import ADDED, LOST, outcome_of
from backroom.feeds.rows import FeedError, Row
from feeds.small_catalogs import ITEM as ITEM_GIVEN
from feeds.small_catalogs import exported, item, lost, spool_of, variant

TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", '""', '""""', '"" ""', "=1+1", "+1", "-1", "@x", "a\r\nb", "\r", "19,95", "[x]"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
IDS = TEXTS.filter(bool)
NUMBERS = st.one_of(
    st.integers(0, 10**6), st.floats(0, 10**6, allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
SHARED = {
    "title": TEXTS,
    "description": TEXTS,
    "url": TEXTS,
    "image_full_url": TEXTS,
    "image_thumbnail_url": TEXTS,
    "images": st.lists(TEXTS, max_size=3),
    "custom_metadata": st.dictionaries(
        st.one_of(TEXTS, st.sampled_from(["Vendor", "Size", "brand", "Title", "external_id"])),
        VALUES,
        max_size=3,
    ),
    "published": st.booleans(),
}
ITEMS = st.fixed_dictionaries({**SHARED, "price": st.one_of(st.none(), NUMBERS)})
VARIANTS = st.fixed_dictionaries(
    {
        **SHARED,
        "price": NUMBERS,
        "sku": TEXTS,
        "inventory_policy": st.sampled_from([0, 1, 2]),
        "inventory_quantity": NUMBERS,
    }
)
OWN = [("jsonl", "jsonl"), ("csv", "csv"), ("csv", "tsv"), ("json", "json")]
SHOPS = [
    ("shopify", "csv"),
    ("woocommerce", "csv"),
    ("google", "tsv"),
    ("google", "rss"),
    ("google", "atom"),
    ("klaviyo", "json"),
    ("klaviyo", "xml"),
]
ENDINGS = {"rss": "xml", "atom": "xml"}
Catalog = dict[tuple[str, str], dict[str, Any]]


@st.composite
def catalogs(draw: st.DrawFn) -> CatalogSpool:
    categories = draw(st.lists(st.tuples(IDS, TEXTS), max_size=3, unique_by=lambda each: each[0]))
    items = []
    for number, name in enumerate(draw(st.lists(IDS, min_size=1, max_size=3, unique=True))):
        names = draw(st.lists(TEXTS, max_size=2, unique=True))
        ids = [f"{number}{each}" for each in names]
        within = draw(st.lists(st.sampled_from(categories), unique=True)) if categories else []
        held = tuple(ReadVariant(each, name, draw(VARIANTS)) for each in ids)
        ids_within = tuple(each for each, _ in categories if each in {one for one, _ in within})
        items.append(ReadItem(name, draw(ITEMS), ids_within, held))
    return spool_of(*items, categories=categories)


def catalog_of(spool: CatalogSpool) -> Catalog:
    found: Catalog = {(CATEGORY.name, name): {"name": named} for name, named in spool.categories()}
    for each in spool.items():
        found[ITEM.name, each.external_id] = {**each.attributes, "categories": each.categories}
        for held in each.variants:
            found[VARIANT_KIND.name, held.external_id] = {**held.attributes, "item": held.item}
    return found


def read(content: bytes, carrier: str, format_name: str) -> Catalog:
    """What an import of a file sends."""
    found: Catalog = {}
    with TemporaryDirectory() as place:
        path = Path(place) / f"feed.{ENDINGS.get(carrier, carrier)}"
        path.write_bytes(content)
        for row in open_feed(path, format_name).rows():
            if isinstance(row, Row):
                found[row.kind.name, row.external_id] = _attributes(row)
    return found


def _attributes(row: Row) -> dict[str, Any]:
    known = {each.name: each.default for each in KINDS[row.kind.name].attributes}
    del known["external_id"]
    given_ones = {name: value for name, value in row.attributes.items() if value is not None}
    whole = known | given_ones
    if row.kind is ITEM:
        whole["categories"] = row.related or ()
    elif row.kind is VARIANT_KIND:
        whole["item"] = (row.related or ("",))[0]
    return whole


@pytest.mark.slow
@pytest.mark.parametrize(("format_name", "carrier"), OWN)
@settings(max_examples=20, deadline=None)
@given(spool=catalogs())
def test_own_formats_hold_any_catalog(format_name: str, carrier: str, spool: CatalogSpool) -> None:
    content, written = exported(spool, format_name, carrier)
    assert read(content, carrier, format_name) == catalog_of(spool)
    assert lost(written) == {}


def _differences(wanted: Catalog, found: Catalog) -> dict[tuple[str, str, str], int]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for kind, name in wanted.keys() - found.keys():
        del name
        counts[kind, "external_id", LOST] += 1
    counts.update(
        (kind, "external_id", ADDED)
        for kind, _ in found.keys() - wanted.keys()
        if kind == VARIANT_KIND.name
    )
    for whole in wanted.keys() & found.keys():
        for name, value in wanted[whole].items():
            if outcome := _outcome(name, value, found[whole].get(name)):
                counts[whole[0], name, outcome] += 1
    return dict(counts)


def _outcome(name: str, wanted: Any, found: Any) -> str:
    if name != "categories":
        return outcome_of(wanted, found)
    if set(wanted) == set(found):
        return ""
    return LOST if set(wanted) - set(found) else ADDED


@pytest.mark.slow
@pytest.mark.parametrize(("format_name", "carrier"), SHOPS)
@settings(max_examples=20, deadline=None)
@given(spool=catalogs())
def test_report_names_what_is_lost(format_name: str, carrier: str, spool: CatalogSpool) -> None:
    content, written = exported(spool, format_name, carrier)
    try:
        found = read(content, carrier, format_name)
    except FeedError:
        # A file without any row.
        found = {}
    assert lost(written) == _differences(catalog_of(spool), found)
    whole = {(each.kind.name, each.attribute) for each in HOLDINGS[format_name] if each.is_whole}
    assert not {(kind, name) for kind, name, how in lost(written) if how == LOST} & whole


def test_archive_has_all_formats() -> None:
    file = io.BytesIO()
    spool = spool_of(item(variant()))
    written = export(spool, file, Choice("all", "zip"), "a.zip", lambda *_: None)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [each.name for each in written]
    assert {each.choice.format for each in written} == set(HOLDINGS)


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("a.jsonl", "", ("jsonl", "jsonl")),
        ("a.CSV.gz", "", ("csv", "csv")),
        ("a.xlsx", "", ("csv", "xlsx")),
        ("a.xlsx", "shopify", ("shopify", "xlsx")),
        ("shopify.csv", "", ("shopify", "csv")),
        ("google.xml", "", ("google", "rss")),
        ("a.atom", "", ("google", "atom")),
        ("klaviyo.xml", "", ("klaviyo", "xml")),
        ("-", "google", ("google", "tsv")),
        ("a.zip", "", ("all", "zip")),
        ("shopify.jsonl", "", ("jsonl", "jsonl")),
        ("klaviyo.zip", "", ("all", "zip")),
        ("google-2026.11", "", ("google", "tsv")),
    ],
)
def test_name_says_the_format(name: str, asked: str, found: tuple[str, str]) -> None:
    assert chosen(name, asked, "") == found


@pytest.mark.parametrize(
    ("name", "asked", "carrier"), [("a.xml", "", ""), ("-", "", ""), ("a", "csv", "rss")]
)
def test_open_choice_is_refused(name: str, asked: str, carrier: str) -> None:
    with pytest.raises(FeedError):
        chosen(name, asked, carrier)


def test_workbook_of_own_names_is_read_back() -> None:
    spool = spool_of(item(variant(), description="=1+1"), categories=[("a", "A")])
    content, _ = exported(spool, "csv", "xlsx")
    assert read(content, "xlsx", "csv") == catalog_of(spool)


def test_long_cell_is_read_back() -> None:
    spool = spool_of(item(description="x" * 200_000))
    content, _ = exported(spool, "csv", "csv")
    assert read(content, "csv", "csv") == catalog_of(spool)


def test_kept_decimal_commas_are_those_of_the_file() -> None:
    kept = {"Tarif régulier": "3,5"}
    first = ReadItem("cap", ITEM_GIVEN | {"price": 3.5, "custom_metadata": kept}, (), ())
    second = ReadItem("hat", ITEM_GIVEN | {"price": 7.25}, (), ())
    content, _ = exported(spool_of(first, second), "woocommerce", "csv")
    found = read(content, "csv", "woocommerce")
    assert [found["item", each]["price"] for each in ("cap", "hat")] == [3.5, 7.25]
    assert found["item", "cap"]["custom_metadata"] == kept


@pytest.mark.parametrize("later", [[variant("C-2", sku="C-1")], []])
def test_later_skus_count_for_the_report(later: list[ReadVariant]) -> None:
    hat = ReadItem("hat", ITEM_GIVEN, (), tuple(later))
    spool = spool_of(item(variant("C-1")), hat)
    content, written = exported(spool, "shopify", "csv")
    assert lost(written) == _differences(catalog_of(spool), read(content, "csv", "shopify"))
    assert lost(written)[VARIANT_KIND.name, "external_id", LOST] == 1 + len(later)


@pytest.mark.parametrize("format_name", ["csv", "shopify"])
def test_sheet_refuses_rows_before_it_writes(
    format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carriers, "_MOST_ROWS", 2)
    monkeypatch.setattr(carriers.WorkbookTable, "put", pytest.fail)
    spool = spool_of(item(variant("C-1"), variant("C-2")))
    with pytest.raises(FeedError, match="more than 2 rows, which is all that a sheet has"):
        exported(spool, format_name, "xlsx")


def test_archive_lacks_sheets_that_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "_MOST_ROWS", 2)
    file = io.BytesIO()
    spool = spool_of(item(variant("C-1"), variant("C-2")))
    written = export(spool, file, Choice("all", "zip"), "a.zip", lambda *_: None)
    failed = [each.name for each in written if each.error]
    assert failed == ["catalog.xlsx", "shopify.xlsx", "woocommerce.xlsx", "google.xlsx"]
    with zipfile.ZipFile(file) as archive:
        assert not {*failed} & {*archive.namelist()}


def test_both_passes_show_progress() -> None:
    caps = [ReadItem(f"cap-{number}", ITEM_GIVEN, (), ()) for number in range(4)]
    shown: list[int] = []
    choice = Choice("shopify", "csv")
    export(spool_of(*caps), io.BytesIO(), choice, "a.csv", lambda _, count: shown.append(count))
    assert shown == [0, 0, 1, 1, 2, 3, 3, 4]
